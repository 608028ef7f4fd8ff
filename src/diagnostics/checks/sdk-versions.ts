import { dirname, join } from 'node:path';
import { isRecord } from '../../base/json.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import type { Check } from '../check.ts';
import type { DoctorOutputs, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { isOlder } from '../../text/version.ts';

const PACKAGES = ['activity', 'client', 'common', 'envconfig', 'proto', 'worker', 'workflow'].map(
  (name) => `@temporalio/${name}`,
);

interface KnownBug {
  readonly package: string;
  readonly before: string;
  readonly bug: string;
}

/** Bugs in released versions that affect KuFlow workers. */
const KNOWN_BUGS: readonly KnownBug[] = [
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

export const sdkVersionsCheck: Check<DoctorInput, DoctorOutputs> = {
  id: 'KF-PROJ-002',
  title: 'Temporal package versions',
  plane: 'project',
  docs: 'kf-proj-002',
  requires: [],
  offline: true,
  timeoutMs: 3_000,
  notApplicable: ({ project }) => (project === undefined ? 'this folder is not in a worker project' : undefined),
  run: async ({ input }) => {
    const entries = await Promise.all(
      PACKAGES.map(async (name) => [name, await findInstalledVersion(input.folder, name)] as const),
    );
    const versions = new Map(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
    const facts = Object.fromEntries(versions);
    const finding = (code: string, text: string, values: Readonly<Record<string, string>> = {}) =>
      toFinding({ id: 'KF-PROJ-002', code, text, facts, values });
    if (!versions.has('@temporalio/worker'))
      return finding(
        'sdk-not-installed',
        'The dependencies of the project are not installed; @temporalio/worker is missing',
      );
    if (new Set(versions.values()).size > 1) {
      const list = [...versions].map(([name, version]) => `${name} ${version}`).join(', ');
      return finding('sdk-versions-differ', `Temporal's packages have different versions: ${list}`);
    }
    const known = KNOWN_BUGS.find(({ package: name, before }) => isOlder(versions.get(name) ?? '999.0.0', before));
    if (known !== undefined) {
      const text = `${known.package} ${versions.get(known.package) ?? ''} has a known bug: ${known.bug}`;
      return finding('sdk-known-fault', text, { package: known.package, version: known.before });
    }
    return { state: 'pass', summary: `all packages are version ${versions.get('@temporalio/worker') ?? ''}`, facts };
  },
};

/** The version of the package that Node resolves from `folder`, or undefined. */
export async function findInstalledVersion(folder: string, name: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = await readManifestVersion(join(at, 'node_modules', name, 'package.json'));
    if (manifest !== undefined) return manifest;
    if (dirname(at) === at) return undefined;
  }
}

async function readManifestVersion(path: string): Promise<string | undefined> {
  try {
    const { bytes } = await readSmallFile(path, MIB);
    const manifest: unknown = bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
    const version = isRecord(manifest) ? manifest['version'] : undefined;
    return typeof version === 'string' && /^\d+\.\d+\.\d+[\w.+-]*$/.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}
