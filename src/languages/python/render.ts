import { definitionSchemaFile } from '../definition-schema.ts';
import {
  containsLibrary,
  findLibrary,
  libraryFiles,
  libraryFolder,
  libraryReadme,
  type LibraryArchive,
} from '../worker-library.ts';
import { changeText, textFile, textOf, type PlannedFile } from '../planned-file.ts';
import { hasActivities } from '../process-actions.ts';
import { renderProjectFiles, type ProcessParts } from '../process-parts.ts';
import { projectContext } from '../project-context.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { Code, codeLines } from '../templates/code.ts';
import type { TemplateSet } from '../templates/set.ts';
import { actionClass, pythonActions } from './actions.ts';
import { organizePythonImports, printImports, type Import } from './imports.ts';
import { pythonCall } from './wrap.ts';
import { distributionName } from './package-name.ts';
import { pythonLayout, type PythonLayout } from './layout.ts';
import { pythonProcessContext } from './process-context.ts';
import {
  ENVIRONMENT,
  PIP_VERSION,
  pipInstallCommand,
  UV_LOCK,
  uvSyncCommand,
  WATCH_OPTIONS,
} from './package-manager.ts';

/** The name of the library's archive, with its version. */
export const WHEEL = /^kuflow_worker-([^-]+)-py3-none-any\.whl$/;

const TEMPLATE_PACKAGE = 'example_worker';
const PROCESS_PARTS: ProcessParts<PythonLayout> = {
  language: 'python',
  templatePlace: { packageName: TEMPLATE_PACKAGE, slug: 'process' },
  activityParts: ['activities', 'schemas'],
  layout: pythonLayout,
  context: pythonProcessContext,
};

export function renderPython(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const { packageName = '', packageManager } = spec;
  const library = findLibrary('python', WHEEL);
  const finish = (file: PlannedFile): PlannedFile =>
    file.path.endsWith('.py') ? changeText(file, (text) => organizePythonImports(text, packageName)) : file;
  const files = renderProjectFiles(
    spec,
    templates,
    { ...PROCESS_PARTS, finish },
    {
      context: pythonTemplateContext(spec, library),
      move: (file) => completeLock(movePythonPackage(file, packageName), spec, library),
    },
  );
  return [
    ...libraryFiles(spec),
    definitionSchemaFile(),
    ...files.filter(({ path }) => packageManager === 'pip' || !REQUIREMENTS.includes(path)),
  ];
}

export function movePythonPackage(file: PlannedFile, packageName: string): PlannedFile {
  const moved = { ...file, path: file.path.replace(`src/${TEMPLATE_PACKAGE}/`, `src/${packageName}/`) };
  if (!moved.path.endsWith('.py')) return moved;
  return changeText(moved, (text) => text.replaceAll(TEMPLATE_PACKAGE, packageName));
}

/** The tested versions of all dependencies for pip, with checksums. People add to them by hand; pip does not. */
const REQUIREMENTS = ['requirements.txt', 'requirements-dev.txt'];

const NAME_IN_LOCK = 'name = "example-worker"';
const VERSION_IN_LOCK = /(?<=^name = "kuflow-worker"\nversion = )"[^"]+"/m;
/** The name of the archive in a path or alone, and its checksum. */
const ARCHIVE_IN_LOCK = /kuflow_worker-[^-"\s]+-py3-none-any\.whl/g;
const CHECKSUM_IN_LOCK = /(?<=kuflow_worker-\S+(?:", hash = "| \\\n +--hash=)sha256:)[0-9a-f]{64}/;

const PACKAGE_IN_UV_LOCK = /^\[\[package\]\]\nname = "kuflow-worker"\n[^]*?\n(?=\[\[package\]\]\n)/m;
const REFERENCE_IN_UV_LOCK = /^ {4}\{ name = "kuflow-worker".*\},\n/gm;
const PATH_IN_REQUIREMENTS = /^\S*kuflow_worker-\S+\.whl/m;

/** A lock file with the name of the project, and with the present archive of the library, which may be newer than the locked archive. */
function completeLock(file: PlannedFile, spec: ProjectSpec, library: LibraryArchive): PlannedFile {
  if (![UV_LOCK, ...REQUIREMENTS].includes(file.path)) return file;
  const complete = textOf(file)
    .replace(NAME_IN_LOCK, `name = "${distributionName(spec.name)}"`)
    .replace(VERSION_IN_LOCK, `"${library.version}"`)
    .replace(ARCHIVE_IN_LOCK, library.file)
    .replace(CHECKSUM_IN_LOCK, library.sha256);
  return textFile(file.path, containsLibrary(spec) ? complete : lockFromRegistry(complete, library));
}

/** uv adds the package to its lock with its address in the registry. pip accepts the same archive from a registry. */
function lockFromRegistry(text: string, { version }: LibraryArchive): string {
  return text
    .replace(PACKAGE_IN_UV_LOCK, '')
    .replaceAll(REFERENCE_IN_UV_LOCK, '')
    .replace(PATH_IN_REQUIREMENTS, `kuflow-worker==${version}`);
}

/** The context of the templates that all processes of a project share, except that of its first process. */
function pythonTemplateContext(spec: ProjectSpec, library: LibraryArchive): object {
  const { name, packageName = '', packageManager, workspace } = spec;
  const { process } = spec.processes[0].definition;
  const distribution = distributionName(name);
  const isUv = packageManager === 'uv';
  const syncCommand = uvSyncCommand({ isMember: workspace !== undefined });
  const installCommand = isUv ? syncCommand : 'make install';
  const runCommand = isUv ? `uv run ${distribution}` : `.venv/bin/${distribution}`;
  const processFolder = pythonLayout(spec).part;
  return {
    ...projectContext(
      spec,
      { memory: '256Mi', writesTmp: true },
      {
        kuflow: './kuflow',
        installStep: installCommand,
        runTask: 'make',
        startCommand: runCommand,
        imageCommand: 'make image',
        historiesFolder: 'tests/histories',
        versionGuard: '`if workflow.patched("<change>")`',
        workflowPlace: `\`src/${packageName}/${processFolder}/workflow.py\``,
        activitiesPlace: '`activities.py` next to it',
      },
    ),
    isUv,
    distribution: new Code(distribution),
    package: new Code(packageName),
    description: `KuFlow worker for the process ${process.name ?? process.code}`,
    libraryReadme: new Code(libraryReadme(spec, 'kuflow-worker-python.md')),
    libraryVersion: new Code(library.version),
    libraryFile: `${libraryFolder(spec)}/${library.file}`,
    processFolder: new Code(processFolder),
    installCommand: new Code(installCommand),
    syncCommand: new Code(syncCommand),
    lockNames: new Code(isUv ? UV_LOCK : 'requirements.txt, with checksums,'),
    pipVersion: new Code(PIP_VERSION),
    // That of a workspace is in its root.
    environment: new Code(workspace === undefined ? ENVIRONMENT : `${workspace.root}/${ENVIRONMENT}`),
    runCommand: new Code(runCommand),
    watchOptions: new Code(WATCH_OPTIONS),
    pythonRun: new Code(isUv ? 'uv run ' : '.venv/bin/'),
    windowsInstall: new Code(pipInstallCommand('cmd').replaceAll(' && ', '\n')),
    ...processList(spec),
  };
}

/** All processes, for the module that lists them. */
function processList(spec: ProjectSpec): object {
  const classes = new Set<string>();
  const imports: Import[] = [{ module: 'kuflow_worker', name: 'Process' }];
  const use = (module: string, name: string): string => {
    const used = classes.has(name) ? `${name}_${classes.size}` : name;
    classes.add(used);
    imports.push({ module, name: used === name ? name : `${name} as ${used}` });
    return used;
  };
  const processes: string[] = [];
  for (const { slug, definition, choices } of spec.processes) {
    const { part, prefix } = pythonLayout(spec, slug);
    const names = [use(`.${part}.workflow`, `${prefix}Workflow`)];
    if (slug === undefined || hasActivities(definition))
      names.push(`[${use(`.${part}.activities`, `${prefix}Activities`)}]`);
    processes.push(pythonCall('', 'Process', names, 4, ','));
    for (const action of pythonActions(definition, choices).workflows)
      processes.push(pythonCall('', 'Process', [use(`.${part}.actions`, actionClass(action))], 4, ','));
  }
  return {
    processImports: new Code(printImports(imports).trimEnd()),
    processes: codeLines(processes),
  };
}
