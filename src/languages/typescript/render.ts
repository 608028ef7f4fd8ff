import type { WorkerDefinition } from '../../process/definition.ts';
import {
  containsLibrary,
  findLibrary,
  libraryBuildContext,
  libraryFiles,
  libraryFolder,
  type LibraryArchive,
} from '../worker-library.ts';
import { changeText, textFile, textOf, type PlannedFile } from '../planned-file.ts';
import { renderProjectFiles } from '../process-parts.ts';
import { deployName, projectContext } from '../project-context.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import type { TemplateSet } from '../templates/set.ts';
import { typeScriptLayout, type TypeScriptLayout } from './layout.ts';
import { commandsOf, lockFiles, packageManagerContext } from './package-manager.ts';
import { modulesOf, processContext } from './process-context.ts';
import { renderValidators } from './validators.ts';

/** The files of a TypeScript project except its process definitions. */
export async function renderTypeScript(spec: ProjectSpec, templates: TemplateSet): Promise<readonly PlannedFile[]> {
  const [, ...others] = spec.processes;
  const validators = await validatorsOf(spec);
  const library = findLibrary('typescript', ARCHIVE);
  const shared = templateContext(spec, library);
  const files = renderProjectFiles<TypeScriptLayout>(
    spec,
    templates,
    {
      language: 'typescript',
      templatePlace: {},
      activityParts: ['activities'],
      finish: removeUnusedImports,
      layout: (_, slug) => typeScriptLayout(slug),
      context: (process) => ({
        ...shared,
        ...processContext(process, {
          others: process.isFirst ? others : [],
          validators: validators.get(process.definition) ?? '',
        }),
      }),
    },
    { context: shared, move: (file) => completeLock(file, spec, library) },
  );
  return [...libraryFiles(spec), ...files];
}

const IMPORTS = /^import (?:type )?\{ (.+) \} from .+;\n/gm;
/** Strings, comments and imports: a name in them is not a use of it. */
const TEXTS = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\*[^]*?\*\/|\/\/.*|^import .*/gm;
const NAMES = /(?<![\p{L}\p{N}_$]|(?<!\.\.)\.)[\p{L}_$][\p{L}\p{N}_$]*(?![\p{L}\p{N}_$]|\??:)/gu;

/** The linter of a project rejects unused imports, but does not check validators. */
function removeUnusedImports(file: PlannedFile): PlannedFile {
  if (!file.path.endsWith('.ts') || file.path.endsWith('validators.ts')) return file;
  return changeText(file, (text) => {
    const names = new Set(text.replace(TEXTS, '').match(NAMES));
    return text.replace(IMPORTS, (line, list: string) => {
      const left = list.split(', ').filter((one) => names.has(one.split(' ').at(-1) ?? ''));
      return left.length === 0 ? '' : line.replace(list, () => left.join(', '));
    });
  });
}

/** The name of the project in the lock files of the templates. */
const TEMPLATE_NAME = '"name": "example-worker"';
/** The name of the library's archive, with its version. */
export const ARCHIVE = /^kuflow-worker-(.+)\.tgz$/;
/** The same in a path. */
const ARCHIVE_IN_LOCK = /kuflow-worker-[^"\s/@{}(),]+\.tgz/g;
/** The version in the entry of the library, after text that is quicker to find than with a lookbehind. */
const VERSION =
  /("node_modules\/kuflow-worker": \{\s+"version": "|, tarball: file:\S+kuflow-worker-\S+\}\s+version: )[^"\s]+/;
/** The checksum after the path of the archive, or before it. */
const CHECKSUM =
  /(kuflow-worker-[^/]+\.tgz",\s+(?:\{.*\}, )?"(?:integrity": ")?)sha512-[\w+/=]+|sha512-[\w+/=]+(?=, tarball: file:\S+kuflow-worker-)/;

/** The address and the checksum of the archive in the lock file of npm. */
const ADDRESS_IN_NPM_LOCK = /^ {6}"resolved": "file:\S+kuflow-worker-\S+\n {6}"integrity": .*\n/m;
/** What the project needs in the lock file of npm, and every entry of the library in those of pnpm and Bun. */
const REFERENCE_IN_NPM_LOCK = /(?<="kuflow-worker": )"file:[^"]+"/;
const ENTRIES_IN_PNPM_LOCK = /^ {6}kuflow-worker:\n(?: {8}.*\n)+|^ {2}kuflow-worker@file:.*:\n(?: {4}.*\n)+\n/gm;
const ENTRIES_IN_BUN_LOCK = /^ {8}"kuflow-worker": "file:.*\n|^ {4}"kuflow-worker": \[.*\n\n/gm;

/**
 * A lock file with the name of the project, and with the present archive of the library, which may be newer than the locked archive. The
 * lock files of the templates contain the tested versions of all dependencies except this package, which the package manager adds when it
 * installs the project.
 */
export function completeLock(
  file: PlannedFile,
  spec: Pick<ProjectSpec, 'name' | 'packageManager' | 'library'>,
  library: LibraryArchive,
): PlannedFile {
  if (!lockFiles(spec.packageManager).includes(file.path)) return file;
  const complete = textOf(file)
    .replaceAll(TEMPLATE_NAME, () => `"name": ${JSON.stringify(spec.name)}`)
    .replaceAll(ARCHIVE_IN_LOCK, library.file)
    .replace(VERSION, (_, before: string) => `${before}${library.version}`)
    .replace(CHECKSUM, (_, before = '') => `${before}${library.integrity}`);
  return textFile(file.path, containsLibrary(spec) ? complete : lockFromRegistry(file.path, complete, library));
}

/** npm adds the address and the checksum of the library to its lock file. pnpm and Bun add the whole library, like this package. */
function lockFromRegistry(path: string, text: string, { version }: LibraryArchive): string {
  return path === 'package-lock.json'
    ? text.replace(ADDRESS_IN_NPM_LOCK, '').replace(REFERENCE_IN_NPM_LOCK, `"${version}"`)
    : text.replaceAll(ENTRIES_IN_PNPM_LOCK, '').replaceAll(ENTRIES_IN_BUN_LOCK, '');
}

/** The modules with validators. An additional process without system tasks does not have one. */
async function validatorsOf({
  processes: [{ definition: first }, ...additional],
}: ProjectSpec): Promise<ReadonlyMap<WorkerDefinition, string>> {
  const others = additional.filter(({ definition: { tasks } }) => tasks.some(({ kind }) => kind === 'system'));
  const validators = new Map([[first, await renderValidators(first, modulesOf(others, 'validators', 'Validators'))]]);
  for (const { definition } of others) validators.set(definition, await renderValidators(definition, []));
  return validators;
}

/** The context of the templates that all processes of a project share. Strings are printed by language helpers, `Code` as is. */
export function templateContext(spec: ProjectSpec, library: LibraryArchive): object {
  const { run, exec, install } = commandsOf(spec.packageManager);
  const shared = projectContext(
    spec,
    { memory: '256Mi', writesTmp: false },
    {
      kuflow: `${exec} kuflow`,
      installStep: install,
      runTask: run,
      startCommand: `${run} start`,
      imageCommand: `docker build ${libraryBuildContext(spec)}-t ${deployName(spec.name)} .`,
      historiesFolder: 'test/histories',
      versionGuard: "`if (patched('<change>'))` from `@temporalio/workflow`",
      workflowPlace: '`src/workflows.ts`',
      activitiesPlace: '`src/activities.ts`',
    },
  );
  return {
    ...shared,
    cliPackage: spec.cliPackage,
    smokeScript: `kuflow dev simulate ${shared.simulateArguments.text}-- node --import tsx src/main.ts --dev`,
    library: containsLibrary(spec) ? `file:${libraryFolder(spec)}/${library.file}` : library.version,
    libraryReadme: new Code('node_modules/kuflow-worker/README.md'),
    programs: new Code(programsFolder(spec)),
    ...packageManagerContext(spec.packageManager, { isMember: spec.workspace !== undefined }),
  };
}

/** The folder with the programs of dependencies. npm and Yarn 4 link those of a member of a workspace in its root. */
function programsFolder({ workspace, packageManager }: ProjectSpec): string {
  const isInRoot = packageManager === 'npm' || packageManager === 'yarn@4';
  return `${workspace === undefined || !isInRoot ? '' : `${workspace.root}/`}node_modules/.bin`;
}
