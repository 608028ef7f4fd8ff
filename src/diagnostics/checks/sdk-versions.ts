import type { Check } from '../check.ts';
import type { DoctorOutputs, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { isOlder } from '../../text/version.ts';
import { requireProject } from './project.ts';

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
    const { sdk, sdkVersions, knownBugs } = requireProject(input).diagnosis;
    const versions = await sdkVersions(input.folder);
    const facts = Object.fromEntries(versions);
    const finding = (code: string, text: string, values: Readonly<Record<string, string>> = {}) =>
      toFinding({ id: 'KF-PROJ-002', code, text, facts, values });
    const version = versions.get(sdk);
    if (version === undefined)
      return finding('sdk-not-installed', `The dependencies of the project are not installed; ${sdk} is missing`);
    if (new Set(versions.values()).size > 1) {
      const list = [...versions].map(([name, one]) => `${name} ${one}`).join(', ');
      return finding('sdk-versions-differ', `Temporal's packages have different versions: ${list}`);
    }
    const known = knownBugs.find(({ package: name, before }) => isOlder(versions.get(name) ?? '999.0.0', before));
    if (known !== undefined) {
      const text = `${known.package} ${versions.get(known.package) ?? ''} has a known bug: ${known.bug}`;
      return finding('sdk-known-fault', text, { package: known.package, version: known.before });
    }
    return { state: 'pass', summary: `all packages are version ${version}`, facts };
  },
};
