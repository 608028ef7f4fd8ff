import type { Check } from '../check.ts';
import type { DoctorFound, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { isOlder } from '../../text/version.ts';
import { installedVersion } from './worker-settings.ts';

const PACKAGES = ['activity', 'client', 'common', 'envconfig', 'proto', 'worker', 'workflow'].map(
  (name) => `@temporalio/${name}`,
);

interface KnownFault {
  readonly package: string;
  readonly before: string;
  readonly fault: string;
}

/** Faults of released versions that a worker of KuFlow meets. */
const FAULTS: readonly KnownFault[] = [
  {
    package: '@temporalio/worker',
    before: '1.15.0',
    fault: 'it can not change its connection while it runs, so that a renewed certificate needs a restart',
  },
  {
    package: '@temporalio/envconfig',
    before: '1.22.0',
    fault: 'it reads every value of TEMPORAL_TLS as off',
  },
];

export const sdkVersions: Check<DoctorInput, DoctorFound> = {
  id: 'KF-PROJ-002',
  title: "Versions of Temporal's packages",
  plane: 'project',
  docs: 'kf-proj-002',
  requires: [],
  offline: true,
  timeoutMs: 3_000,
  notApplicable: ({ project }) => (project === undefined ? 'no worker project here' : undefined),
  run: async ({ input }) => {
    const found = await Promise.all(
      PACKAGES.map(async (name) => [name, await installedVersion(input.folder, name)] as const),
    );
    const versions = new Map(found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
    const facts = Object.fromEntries(versions);
    const finding = (code: string, text: string, values: Readonly<Record<string, string>> = {}) =>
      toFinding({ id: 'KF-PROJ-002', code, text, facts, values });
    if (!versions.has('@temporalio/worker'))
      return finding('sdk-not-installed', 'The dependencies of the project are not installed: no @temporalio/worker');
    if (new Set(versions.values()).size > 1) {
      const list = [...versions].map(([name, version]) => `${name} ${version}`).join(', ');
      return finding('sdk-versions-differ', `Temporal's packages have different versions: ${list}`);
    }
    const fault = FAULTS.find(({ package: name, before }) => isOlder(versions.get(name) ?? '999.0.0', before));
    if (fault !== undefined) {
      const text = `${fault.package} ${versions.get(fault.package) ?? ''} has a known fault: ${fault.fault}`;
      return finding('sdk-known-fault', text, { package: fault.package, version: fault.before });
    }
    return { state: 'pass', summary: `all ${versions.get('@temporalio/worker') ?? ''}`, facts };
  },
};
