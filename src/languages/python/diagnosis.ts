import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../../files/find-on-path.ts';
import { isOlder } from '../../files/package-version.ts';
import type {
  ProjectDiagnosis,
  ProjectFinding,
  ProjectLocation,
  RuntimeProblem,
  TemporalSdkProblem,
} from '../diagnosis.ts';
import {
  installedDistributionVersion,
  findLockedVersion,
  PYPROJECT,
  readPyproject,
  type Pyproject,
} from './pyproject.ts';
import {
  ENVIRONMENT,
  ENVIRONMENT_PYTHON,
  PYTHON_DOWNLOADS,
  pythonManager,
  UV_DOWNLOADS,
  UV_LOCK,
} from './package-manager.ts';
import {
  findPython,
  findPythonOfUv,
  isOlderPython,
  listMissing,
  missingPythonReason,
  OLDEST_PYTHON,
  probePython,
  runQuietly,
} from './find-python.ts';

const TEMPORAL = 'temporalio';
const LIBRARY = 'kuflow-worker';

/** Bugs and gaps in released versions that affect KuFlow workers. */
const KNOWN_FAULTS = [
  { before: '1.28.0', fault: 'it does not have workflow.cancellation_reason, which the workflows use' },
];

export const pythonDiagnosis: ProjectDiagnosis = {
  runtime: examineRuntime,
  temporalSdk: examineSdk,
  worker: async ({ folder, root }) => {
    const project = await readPyproject(folder);
    const packageName = typeof project === 'string' ? undefined : project.packageName;
    const python = join(root, ENVIRONMENT_PYTHON);
    return packageName === undefined || !existsSync(python)
      ? { kind: 'not-installed' }
      : { kind: 'command', program: python, args: ['-m', packageName] };
  },
};

type RuntimeFinding = ProjectFinding<RuntimeProblem>;

async function examineRuntime(at: ProjectLocation): Promise<RuntimeFinding> {
  const project = await readPyproject(at.folder);
  if (typeof project === 'string') {
    const text = `${PYPROJECT} ${project === 'missing' ? 'is missing' : 'is not valid TOML'}`;
    return { kind: 'problem', code: 'build-file-unusable', text, values: { file: PYPROJECT } };
  }
  const required = project.oldestPython ?? OLDEST_PYTHON;
  const oldest = isOlderPython(required, OLDEST_PYTHON) ? OLDEST_PYTHON : required;
  const isUv = pythonManager(at.packageManager) === 'uv';
  if (isUv && findOnPath('uv', at.env) === undefined)
    return missing('uv is not installed: it is not on the PATH', `uv (${UV_DOWNLOADS})`);
  if (existsSync(join(at.root, ENVIRONMENT))) return examineEnvironment(at, oldest, isUv);
  return isUv ? examineUv(at, oldest) : examinePython(at, oldest);
}

const wantedPython = (oldest: string): string => `Python ${oldest} or newer (${PYTHON_DOWNLOADS})`;

const missing = (text: string, wanted: string): RuntimeFinding => ({
  ...{ kind: 'problem', code: 'runtime-missing', text, values: { wanted } },
});

/** The virtual environment, which exists, and the tool that installs into it. */
async function examineEnvironment(at: ProjectLocation, oldest: string, isUv: boolean): Promise<RuntimeFinding> {
  const { root, env } = at;
  const python = await probePython(join(root, ENVIRONMENT_PYTHON), env);
  if (python === undefined) {
    const text = `${ENVIRONMENT_PYTHON} does not run: the Python of the virtual environment was moved or removed`;
    return { kind: 'problem', code: 'environment-unusable', text };
  }
  const tool = isUv ? await describeUv(env) : await describePip(root);
  const facts = { python: python.version, environment: ENVIRONMENT, ...(tool !== undefined && { installer: tool }) };
  if (isOlderPython(python.version, oldest)) {
    const text = `${ENVIRONMENT} has Python ${python.version}, but the project needs Python ${oldest} or newer`;
    const values = { wanted: `${wantedPython(oldest)}, delete ${ENVIRONMENT}, and install the dependencies again` };
    return { kind: 'problem', code: 'runtime-too-old', text, facts, values };
  }
  const summary = `Python ${python.version}${tool === undefined ? '' : ` and ${tool}`}`;
  return { kind: 'fine', summary, facts };
}

async function examineUv({ env }: ProjectLocation, oldest: string): Promise<RuntimeFinding> {
  const uv = await describeUv(env);
  const found = await findPythonOfUv(env, oldest);
  if (found.kind === 'missing')
    return missing(`uv did not find Python ${oldest} or newer, and may not download it`, wantedPython(oldest));
  const python = found.kind === 'found' ? (await probePython(found.path, env))?.version : undefined;
  const facts = { ...(python !== undefined && { python }), installer: uv };
  return python === undefined
    ? { kind: 'fine', summary: `${uv}, which downloads Python`, facts }
    : { kind: 'fine', summary: `Python ${python} and ${uv}`, facts };
}

async function examinePython({ env }: ProjectLocation, oldest: string): Promise<RuntimeFinding> {
  const python = await findPython(env, oldest);
  const wanted = wantedPython(oldest);
  if (python === undefined) return missing(`Python is not installed: ${missingPythonReason(env)}`, wanted);
  const { path, version } = python;
  const facts = { python: version, path };
  if (isOlderPython(version, oldest)) {
    const text = `${path} is version ${version}, but the project needs Python ${oldest} or newer`;
    return { kind: 'problem', code: 'runtime-too-old', text, facts, values: { wanted } };
  }
  if (python.missing.length > 0) return missing(listMissing(python), 'the Python packages with pip and venv');
  return { kind: 'fine', summary: `Python ${version}`, facts };
}

async function describeUv(env: NodeJS.ProcessEnv): Promise<string> {
  const uv = findOnPath('uv', env) ?? 'uv';
  return /^uv [\w.]+/.exec((await runQuietly(uv, ['--version'], env)) ?? '')?.[0] ?? 'uv';
}

async function describePip(folder: string): Promise<string | undefined> {
  const version = await installedDistributionVersion(join(folder, ENVIRONMENT), 'pip');
  return version === undefined ? undefined : `pip ${version}`;
}

/** The installed version of a package, and how it differs from the one in `pyproject.toml` or `uv.lock`. */
async function compareVersions(name: string, project: Pyproject, root: string) {
  const installed = await installedDistributionVersion(join(root, ENVIRONMENT), name);
  const others = [
    [PYPROJECT, project.pinned(name)] as const,
    [UV_LOCK, await findLockedVersion(join(root, UV_LOCK), name)] as const,
  ].filter((entry): entry is readonly [string, string] & typeof entry => entry[1] !== undefined);
  const facts = { ...(installed !== undefined && { [ENVIRONMENT]: installed }), ...Object.fromEntries(others) };
  const other = installed === undefined ? undefined : others.find(([, version]) => version !== installed);
  const differing =
    other === undefined ? undefined : `${name} ${installed} is installed, but ${other[0]} has ${other[1]}`;
  return { installed, facts, differing };
}

async function examineSdk({ folder, root }: ProjectLocation): Promise<ProjectFinding<TemporalSdkProblem>> {
  const project = await readPyproject(folder);
  if (typeof project === 'string') return { kind: 'skipped', why: `${PYPROJECT} cannot be read` };
  const { installed, facts, differing } = await compareVersions(TEMPORAL, project, root);
  if (installed === undefined) {
    const text = `${TEMPORAL} is not installed`;
    return { kind: 'problem', code: 'sdk-not-installed', text, facts };
  }
  const library = await compareVersions(LIBRARY, project, root);
  const outdated = [differing, library.differing].find((text) => text !== undefined);
  if (outdated !== undefined) return { kind: 'problem', code: 'sdk-install-outdated', text: outdated, facts };
  const known = KNOWN_FAULTS.find(({ before }) => isOlder(installed, before));
  if (known !== undefined) {
    const text = `${TEMPORAL} ${installed} does not work with this worker: ${known.fault}`;
    return {
      kind: 'problem',
      code: 'sdk-known-fault',
      text,
      facts,
      values: { package: TEMPORAL, version: known.before },
    };
  }
  return { kind: 'fine', summary: `version ${installed}`, facts };
}
