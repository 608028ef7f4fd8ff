import type { ProjectSpec } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import { containsLibrary, libraryFolder, type LibraryArchive } from '../library.ts';
import { projectContext } from '../project-context.ts';
import { packageManagerContext } from './package-manager-commands.ts';
import { processContext } from './process-context.ts';
import { typeScriptLayout } from './layout.ts';

/**
 * The context of the templates, including those of the first process with its `validators` (see `renderValidators`). Strings are printed by
 * language helpers, `Code` as is.
 */
export function templateContext(
  spec: ProjectSpec,
  { validators, library }: { readonly validators: string; readonly library: LibraryArchive },
): object {
  const { definition, additionalProcesses = [], choices = {}, workspace } = spec;
  const shared = projectContext(spec, { memory: '256Mi', writesTmp: false });
  return {
    ...shared,
    cliPackage: spec.cliPackage,
    smokeScript: `kuflow dev simulate ${shared.simulateArguments.text}-- node --import tsx src/main.ts --dev`,
    library: containsLibrary(spec) ? `file:${libraryFolder(spec)}/${library.file}` : library.version,
    libraryReadme: new Code('node_modules/kuflow-worker/README.md'),
    programs: new Code(programsFolder(spec)),
    ...packageManagerContext(spec.packageManager, { isMember: workspace !== undefined }),
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
