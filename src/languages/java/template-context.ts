import { deploymentContext } from '../deployment.ts';
import { containsLibrary, libraryBuildContext, libraryFolder, type LibraryArchive } from '../library.ts';
import { unscopedName } from '../project-name.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import { portableWord } from '../../base/shell.ts';
import { javaLayout } from './layout.ts';

/** What an archive has in its version in addition to what a registry has. */
const BUILD = /-[0-9a-f]{8}$/;

/**
 * The context of the templates that all processes of a project share, except that of its first process. Strings are printed by language
 * helpers, `Code` as is.
 */
export function javaTemplateContext(spec: ProjectSpec, library: LibraryArchive): object {
  const { name, definition, packageName = '', cliPackage, local, workspace } = spec;
  const layout = javaLayout(spec);
  const code = portableWord(definition.process.code);
  // Without a code, the simulation runs the only process of the project.
  const simulateArguments = code === undefined ? '' : `${code} `;
  return {
    name,
    artifactId: new Code(unscopedName(name)),
    groupId: new Code(packageName.split('.').slice(0, 2).join('.')),
    packageName: new Code(packageName),
    packagePath: new Code(packageName.replaceAll('.', '/')),
    npmPackage: `create-kuflow-worker@${cliPackage}`,
    local,
    isMember: workspace !== undefined,
    containsLibrary: containsLibrary(spec),
    libraryReadme: new Code(
      containsLibrary(spec) ? `${libraryFolder(spec)}/kuflow-worker-java.md` : 'The README of kuflow-worker',
    ),
    libraryVersion: new Code(containsLibrary(spec) ? library.version : library.version.replace(BUILD, '')),
    libraryFolder: new Code(libraryFolder(spec)),
    buildContexts: new Code(libraryBuildContext(spec)),
    processFolder: new Code(layout.processPackage.slice(packageName.length + 1)),
    simulateArguments: new Code(simulateArguments),
    smokeOnWindows: `kuflow dev simulate ${simulateArguments}-- mvnw -q spring-boot:run`,
    // Tomcat and gRPC write temporary files.
    ...deploymentContext(name, { memory: '512Mi', writesTmp: true }),
  };
}
