import { portableWord } from '../base/shell.ts';
import { deploymentContext, type Resources } from './deployment.ts';
import { containsLibrary, libraryBuildContext, libraryFolder } from './library.ts';
import type { ProjectSpec } from './project-spec.ts';
import { Code } from './templates/code.ts';

/** What the templates of every language use, apart from its processes. `readme`: that of the library, if the project contains it. */
export function projectContext(spec: ProjectSpec, { readme, ...resources }: Resources & { readonly readme: string }) {
  const { name, local, workspace, definition } = spec;
  const code = portableWord(definition.process.code);
  return {
    name,
    local,
    npmPackage: `create-kuflow-worker@${spec.cliPackage}`,
    isMember: workspace !== undefined,
    containsLibrary: containsLibrary(spec),
    libraryFolder: new Code(libraryFolder(spec)),
    libraryReadme: new Code(containsLibrary(spec) ? `${libraryFolder(spec)}/${readme}` : 'The README of kuflow-worker'),
    buildContexts: new Code(libraryBuildContext(spec)),
    // Without a code, the simulation runs the only process of the project.
    simulateArguments: new Code(code === undefined ? '' : `${code} `),
    ...deploymentContext(name, resources),
  };
}
