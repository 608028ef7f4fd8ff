import { definitionSchemaFile } from '../definition-schema.ts';
import { containsLibrary, findLibrary, libraryFiles, libraryReadme, type LibraryArchive } from '../worker-library.ts';
import type { PlannedFile } from '../planned-file.ts';
import { renderProjectFiles, type ProcessParts } from '../process-parts.ts';
import { projectContext } from '../project-context.ts';
import { unscopedName } from '../project-name.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import type { TemplateSet } from '../templates/set.ts';
import { javaLayout, type JavaLayout } from './layout.ts';
import { movePackage, organizeJavaImports, TEMPLATE_PACKAGE } from './move-package.ts';
import { javaProcessContext } from './process-context.ts';

/** The path of the library's jar, with its version. */
export const LIBRARY_JAR = /\/([^/]+)\/kuflow-worker-\1\.jar$/;

/** Lets Maven read the repository in the project when it is offline. */
const MAVEN_OPTIONS = '.mvn/maven.config';

const PROCESS_PARTS: ProcessParts<JavaLayout> = {
  language: 'java',
  templatePlace: { packageName: TEMPLATE_PACKAGE, slug: 'process' },
  activityParts: ['activities', 'activitiesImpl', 'schemas'],
  layout: javaLayout,
  context: javaProcessContext,
  finish: organizeJavaImports,
};

export function renderJava(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const { packageName = '' } = spec;
  const files = renderProjectFiles(spec, templates, PROCESS_PARTS, {
    context: javaTemplateContext(spec, findLibrary('java', LIBRARY_JAR)),
    move: (file) => movePackage(file, packageName),
  });
  return [
    ...libraryFiles(spec),
    definitionSchemaFile(),
    ...files.filter(({ path }) => path !== MAVEN_OPTIONS || containsLibrary(spec)),
  ];
}

/** What an archive has in its version in addition to what a registry has. */
const BUILD = /-[0-9a-f]{8}$/;

/** What all processes of a project share. Strings are printed by language helpers, `Code` as is. */
function javaTemplateContext(spec: ProjectSpec, library: LibraryArchive): object {
  const { packageName = '' } = spec;
  const layout = javaLayout(spec);
  return {
    // Tomcat and gRPC write temporary files.
    ...projectContext(
      spec,
      { memory: '512Mi', writesTmp: true },
      {
        kuflow: './kuflow',
        installStep: './mvnw -DskipTests verify  # downloads the dependencies and builds the worker',
        runTask: 'make',
        startCommand: './mvnw spring-boot:run',
        imageCommand: 'make image',
        historiesFolder: 'src/test/resources/histories',
        versionGuard: '`Workflow.getVersion("<change>", Workflow.DEFAULT_VERSION, 1)`',
        workflowPlace: `\`${layout.prefix}WorkflowImpl\``,
        activitiesPlace: `\`${layout.prefix}ActivitiesImpl\``,
      },
    ),
    artifactId: new Code(unscopedName(spec.name)),
    groupId: new Code(packageName.split('.').slice(0, 2).join('.')),
    packageName: new Code(packageName),
    packagePath: new Code(packageName.replaceAll('.', '/')),
    libraryReadme: new Code(libraryReadme(spec, 'kuflow-worker-java.md')),
    libraryVersion: new Code(containsLibrary(spec) ? library.version : library.version.replace(BUILD, '')),
    processFolder: new Code(layout.processPackage.slice(packageName.length + 1)),
  };
}
