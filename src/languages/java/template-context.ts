import { containsLibrary, libraryReadme, type LibraryArchive } from '../library.ts';
import { projectContext } from '../project-context.ts';
import { unscopedName } from '../project-name.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import { javaLayout } from './layout.ts';

/** What an archive has in its version in addition to what a registry has. */
const BUILD = /-[0-9a-f]{8}$/;

/**
 * The context of the templates that all processes of a project share, except that of its first process. Strings are printed by language
 * helpers, `Code` as is.
 */
export function javaTemplateContext(spec: ProjectSpec, library: LibraryArchive): object {
  const { packageName = '' } = spec;
  const layout = javaLayout(spec);
  return {
    // Tomcat and gRPC write temporary files.
    ...projectContext(spec, { memory: '512Mi', writesTmp: true }),
    artifactId: new Code(unscopedName(spec.name)),
    groupId: new Code(packageName.split('.').slice(0, 2).join('.')),
    packageName: new Code(packageName),
    packagePath: new Code(packageName.replaceAll('.', '/')),
    libraryReadme: new Code(libraryReadme(spec, 'kuflow-worker-java.md')),
    libraryVersion: new Code(containsLibrary(spec) ? library.version : library.version.replace(BUILD, '')),
    processFolder: new Code(layout.processPackage.slice(packageName.length + 1)),
  };
}
