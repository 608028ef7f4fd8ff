import type { ProjectSpec } from '../project-spec.ts';
import { portableWord } from '../../base/shell.ts';
import { Code } from '../templates/code.ts';
import { deploymentContext } from '../deployment.ts';
import { containsLibrary, libraryBuildContext, libraryFolder, type LibraryArchive } from '../library.ts';
import { packageManagerContext } from './package-manager-commands.ts';
import { processContext } from './process-context.ts';
import { typeScriptLayout } from './layout.ts';
import { nodePackageManager } from './package-manager.ts';

/**
 * The context of the templates, including those of the first process with its `validators` (see `renderValidators`). Strings are printed by
 * language helpers, `Code` as is.
 */
export function templateContext(
  spec: ProjectSpec,
  { validators, library }: { readonly validators: string; readonly library: LibraryArchive },
): object {
  const { definition, additionalProcesses = [], choices = {}, workspace } = spec;
  const folder = libraryFolder(spec);
  return {
    name: spec.name,
    cliPackage: spec.cliPackage,
    smokeScript: smokeScript(definition.process.code),
    local: spec.local,
    library: containsLibrary(spec) ? `file:${folder}/${library.file}` : library.version,
    containsLibrary: containsLibrary(spec),
    libraryFolder: new Code(folder),
    libraryReadme: new Code('node_modules/kuflow-worker/README.md'),
    buildContexts: new Code(libraryBuildContext(spec)),
    programs: new Code(programsFolder(spec)),
    ...deploymentContext(spec.name, { memory: '256Mi', writesTmp: false }),
    ...packageManagerContext(nodePackageManager(spec.packageManager), { isMember: workspace !== undefined }),
    ...processContext({
      definition,
      layout: typeScriptLayout(),
      choices,
      others: additionalProcesses,
      validators,
    }),
  };
}

/** The folder with the programs of dependencies. npm and Yarn 4 link those of a member of a workspace in its root. */
function programsFolder({ workspace, packageManager }: ProjectSpec): string {
  const isInRoot = packageManager === 'npm' || packageManager === 'yarn@4';
  return `${workspace === undefined || !isInRoot ? '' : `${workspace.root}/`}node_modules/.bin`;
}

/** Leaves out a code that needs quoting: without one, the simulation runs the only process of the project. */
function smokeScript(code: string): string {
  const word = portableWord(code);
  return `kuflow dev simulate ${word === undefined ? '' : `${word} `}-- node --import tsx src/main.ts --dev`;
}
