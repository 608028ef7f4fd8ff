import { spawnSync } from 'node:child_process';
import { isSea } from 'node:sea';
import { isRecord } from '../../base/json.ts';
import { findInstalledVersion, readManifest, isOlder } from '../../files/package-version.ts';
import { ARCHIVE } from './render.ts';
import type { ProjectDiagnosis, ProjectFinding, RuntimeProblem, TemporalSdkProblem } from '../diagnosis.ts';

const PACKAGES = ['activity', 'client', 'common', 'envconfig', 'proto', 'worker', 'workflow'].map(
  (name) => `@temporalio/${name}`,
);

const LIBRARY = 'kuflow-worker';

/** Bugs in released versions that affect KuFlow workers. */
const KNOWN_BUGS = [
  {
    package: '@temporalio/worker',
    before: '1.15.0',
    bug: 'it cannot replace its connection at run time, so a renewed certificate requires a restart',
  },
  {
    package: '@temporalio/envconfig',
    before: '1.22.0',
    bug: 'it reads every value of TEMPORAL_TLS as off',
  },
];

/** The oldest version that the worker's packages run on. */
const OLDEST_NODE = '20.19.0';

export const nodeDiagnosis: ProjectDiagnosis = {
  runtime: () => Promise.resolve(examineNode(nodeVersion())),
  temporalSdk: ({ folder }) => examinePackages(folder),
  worker: async ({ folder }) =>
    (await findInstalledVersion(folder, '@temporalio/worker')) !== undefined
      ? {
          kind: 'command',
          program: nodeProgram(),
          args: ['--import', 'tsx', 'src/main.ts'],
        }
      : { kind: 'not-installed' },
};

/** The Node.js that can run other programs: this one, or in the standalone program, which runs only its own files, the one on the PATH. */
function nodeProgram(): string {
  return isSea() ? 'node' : process.execPath;
}

/** Undefined without a Node.js that the worker could use. */
function nodeVersion(): string | undefined {
  const node = nodeProgram();
  if (node === process.execPath) return process.version;
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', windowsHide: true });
  return status === 0 ? stdout.trim() : undefined;
}

export function examineNode(version: string | undefined): ProjectFinding<RuntimeProblem> {
  const wanted = `Node.js ${OLDEST_NODE.replace(/\.0$/, '')} or newer`;
  if (version === undefined) {
    const text = 'The worker needs Node.js, which is not installed: it is not on the PATH';
    return { kind: 'problem', code: 'runtime-missing', text, values: { wanted } };
  }
  const facts = { node: version };
  if (!isOlder(version, OLDEST_NODE)) return { kind: 'fine', summary: `Node.js ${version}`, facts };
  const text = `This is Node.js ${version}, but the worker needs ${wanted}`;
  return { kind: 'problem', code: 'runtime-too-old', text, facts, values: { wanted } };
}

async function examinePackages(folder: string): Promise<ProjectFinding<TemporalSdkProblem>> {
  const entries = await Promise.all(
    PACKAGES.map(async (name) => [name, await findInstalledVersion(folder, name)] as const),
  );
  const versions = new Map(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
  const facts = Object.fromEntries(versions);
  if (!versions.has('@temporalio/worker')) {
    const text = '@temporalio/worker is not installed';
    return { kind: 'problem', code: 'sdk-not-installed', text, facts };
  }
  if (new Set(versions.values()).size > 1) {
    const list = [...versions].map(([name, version]) => `${name} ${version}`).join(', ');
    const text = `Temporal's packages have different versions: ${list}`;
    const values = { packages: '@temporalio/*', file: 'package.json' };
    return { kind: 'problem', code: 'sdk-versions-differ', text, facts, values };
  }
  const library = await examineLibrary(folder);
  if (library !== undefined) return { kind: 'problem', code: 'sdk-install-outdated', text: library, facts };
  const known = KNOWN_BUGS.find(({ package: name, before }) => isOlder(versions.get(name) ?? '999.0.0', before));
  if (known !== undefined) {
    const text = `${known.package} ${versions.get(known.package) ?? ''} has a known bug: ${known.bug}`;
    const values = { package: known.package, version: known.before };
    return { kind: 'problem', code: 'sdk-known-fault', text, facts, values };
  }
  return { kind: 'fine', summary: `all packages are version ${versions.get('@temporalio/worker') ?? ''}`, facts };
}

/** How the installed library differs from the archive that package.json names. Undefined if it does not. */
async function examineLibrary(folder: string): Promise<string | undefined> {
  const { dependencies } = await readManifest(folder);
  const place = isRecord(dependencies) ? dependencies[LIBRARY] : undefined;
  const wanted = typeof place === 'string' ? ARCHIVE.exec(place.slice(place.lastIndexOf('/') + 1))?.[1] : undefined;
  if (wanted === undefined) return undefined;
  const installed = await findInstalledVersion(folder, LIBRARY);
  if (installed === wanted) return undefined;
  return `${LIBRARY} ${installed === undefined ? 'is not' : `${installed} is`} installed, but package.json has ${wanted}`;
}
