import { dirname, join } from 'node:path';
import { isRecord } from '../../base/json.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { isOlder } from '../../text/version.ts';
import type { Check } from '../check.ts';
import type { ConnectionProblem } from '../../connection/inspect.ts';
import type { DoctorFound, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

export const workerSettings: DoctorCheck = {
  id: 'KF-SET-002',
  title: 'Settings of the worker',
  plane: 'settings',
  docs: 'kf-set-002',
  requires: [],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: ({ inProject, queue }) =>
    inProject || queue !== undefined ? undefined : 'no worker here: neither application.yaml nor a project',
  run: ({ input }) => {
    const problems = [...input.workerProblems, ...proxyProblems(input)];
    const texts = problems.map(
      ({ key, source, problem }) => `${key}${source === undefined ? '' : ` (${source})`}: ${problem}`,
    );
    if (texts.length === 0) {
      const { queue } = input;
      return Promise.resolve({
        state: 'pass',
        summary: queue === undefined ? 'complete' : `task queue ${queue.value} (${queue.source})`,
        facts: queue === undefined ? {} : { queue: queue.value, queueSource: queue.source },
      });
    }
    const text = `Settings of the worker are missing or wrong: ${texts.join('; ')}`;
    return Promise.resolve(
      toFinding({
        ...{ id: 'KF-SET-002', code: 'worker-settings-incomplete', text },
        facts: { problems: texts },
        values: { key: problems.map(({ key }) => key).join(', ') },
      }),
    );
  },
};

/** Temporal's core speaks HTTP to a proxy and nothing else, whatever this program can do. */
function proxyProblems({ restProxy, engineProxy }: DoctorInput): readonly ConnectionProblem[] {
  const source = [engineProxy, restProxy].flatMap((proxy) =>
    proxy.kind === 'proxy' && proxy.url.startsWith('https:') ? [proxy.source] : [],
  )[0];
  return source === undefined
    ? []
    : [{ key: 'temporal.proxy', source, problem: 'expected the address of an HTTP proxy, http://host:port, or none' }];
}

export const settingNotes: DoctorCheck = {
  id: 'KF-SET-003',
  title: 'Application files',
  plane: 'settings',
  docs: 'kf-set-003',
  requires: [],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => {
    const notes = input.notes.filter(({ code }) => code !== 'readable-by-others');
    const [first] = notes;
    if (first === undefined)
      return Promise.resolve({ state: 'pass', summary: 'no misspelt keys, no secret in the tracked file' });
    // A secret that leaks weighs more than a key without effect.
    const secret = notes.find(({ code }) => code === 'secret-in-tracked-file');
    const messages = notes.map(({ message, source }) => `${message} (${source})`);
    return Promise.resolve(
      toFinding({
        id: 'KF-SET-003',
        code: secret === undefined ? 'settings-unknown-key' : 'settings-secret-tracked',
        text: messages.join('; '),
        facts: { notes: messages },
        values: { file: first.source },
      }),
    );
  },
};

export const temporalVariables: DoctorCheck = {
  id: 'KF-SET-004',
  title: 'Where settings come from',
  plane: 'settings',
  docs: 'kf-set-004',
  requires: [],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => {
    const address = input.env['TEMPORAL_ADDRESS']?.trim() ?? '';
    const { value, source } = input.target;
    const shadows = input.shadowed.map((one) => `${one.key}: ${one.source} over ${one.shadows.join(', ')}`);
    const facts = { ...(address !== '' && { temporalAddress: address }), target: value, targetSource: source, shadows };
    if (address !== '' && address !== value) {
      const alone = source === 'default';
      return Promise.resolve(
        toFinding({
          id: 'KF-SET-004',
          code: alone ? 'settings-address-alone' : 'settings-address-differs',
          text: alone
            ? `TEMPORAL_ADDRESS is ${address}, which the worker does not read: it uses ${value} (${source})`
            : `TEMPORAL_ADDRESS is ${address}, and temporal.target ${value} (${source})`,
          facts,
          values: { address },
        }),
      );
    }
    const summary = shadows.length === 0 ? 'each from one place' : shadows.join('; ');
    return Promise.resolve({ state: 'pass', summary, facts });
  },
};

const FIXED_IN = '1.22.0';

export const temporalTls: DoctorCheck = {
  id: 'KF-SET-005',
  title: 'TEMPORAL_TLS',
  plane: 'settings',
  docs: 'kf-set-005',
  requires: [],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: ({ env }) => ((env['TEMPORAL_TLS'] ?? '') === '' ? 'TEMPORAL_TLS is not set' : undefined),
  run: async ({ input }) => {
    const version = await installedVersion(input.folder, '@temporalio/envconfig');
    if (version === undefined) return { state: 'pass', summary: 'set, and no package here reads it' };
    const facts = { envconfig: version };
    if (!isOlder(version, FIXED_IN))
      return { state: 'pass', summary: `set; @temporalio/envconfig ${version} reads it right`, facts };
    const text = `TEMPORAL_TLS is set, and the installed @temporalio/envconfig ${version} turns TLS off by it`;
    return toFinding({ id: 'KF-SET-005', code: 'settings-temporal-tls-inverted', text, facts });
  },
};

/** The version of a package as Node would find it from `folder`, or undefined. */
export async function installedVersion(folder: string, name: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = await readManifest(join(at, 'node_modules', name, 'package.json'));
    if (manifest !== undefined) return manifest;
    if (dirname(at) === at) return undefined;
  }
}

async function readManifest(path: string): Promise<string | undefined> {
  try {
    const { bytes } = await readSmallFile(path, MIB);
    const manifest: unknown = bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
    const version = isRecord(manifest) ? manifest['version'] : undefined;
    return typeof version === 'string' && /^\d+\.\d+\.\d+[\w.+-]*$/.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}
