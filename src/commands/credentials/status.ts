import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { worstExitStatus, type ExitStatus } from '../../base/exit-status.ts';
import { Secret } from '../../base/secret.ts';
import { withContext } from '../../base/system-error.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import type { LockedSecret } from '../../connection/profile.ts';
import { resolveConnection, unlock } from '../../connection/resolve-connection.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import { SETTING_KEYS } from '../../settings/keys.ts';
import {
  formatProblem,
  isWorkerSetting,
  type ResolvedSettings,
  type Setting,
  type SettingsResult,
} from '../../settings/precedence.ts';
import { formatSource } from '../../settings/sources.ts';
import { engineScope, type CredentialContext, type CredentialsFlags } from './request-credentials.ts';
import { configuredCertificate, type ConfiguredCertificate } from './verify-certificate-and-token.ts';
import { assessCertificate, assessSet, type CertificateAssessment } from './store/staleness.ts';
import {
  SET_FILES,
  setIdFromPath,
  storeLayout,
  type SetPaths,
  type StoreLayout,
  listSets,
  readSet,
  type SetRecord,
} from './store/sets.ts';
import { readPointers } from './store/settings-file.ts';

/** A set as found in the store. Times are in ISO 8601. */
export interface SetStatus extends CertificateAssessment {
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
  readonly namespace?: string | undefined;
  readonly pulledAt?: string | undefined;
  readonly token?: SetRecord['token'];
  readonly provenByEngine?: boolean | undefined;
  readonly previous?: string | undefined;
}

/** A certificate that was not pulled by this tool: there is no lock file to compare it with. */
export interface ForeignStatus extends CertificateAssessment {
  readonly source: string;
}

export type StoreStatus = (
  | { readonly kind: 'none' | 'unusable' }
  | ({ readonly kind: 'inline' | 'other' } & ForeignStatus)
  | { readonly kind: 'set'; readonly set: SetStatus }
) & {
  /** The set that the application files point to, if something else overrides it. */
  readonly shadows?: { readonly id: string; readonly folder: string };
  /** Ids of the sets that are not in use. */
  readonly others: readonly string[];
};

export type CredentialsStatus = Awaited<ReturnType<typeof credentialsStatus>>;

export interface StatusFlags extends CredentialsFlags {
  /** Also checks with KuFlow and the engine, which creates an engine token. */
  readonly online?: boolean;
  /** Whether warnings count. */
  readonly failOn?: 'warn';
}

type CredentialsStatusRequest = CredentialContext & { readonly flags: StatusFlags };

/** The settings to show: those of the connection. */
const DISPLAYED = SETTING_KEYS.map(({ name }) => name).filter((name) => !isWorkerSetting(name));

/** `kuflow credentials status`. Uses no network and opens no keychain unless `online`. */
export async function credentialsStatus(request: CredentialsStatusRequest) {
  const { flags, env, signal } = request;
  const failOnWarn = flags.failOn === 'warn';
  const connection = await resolveConnection(flags, request);
  const { locked, warnings } = connection;
  // Only requests to KuFlow need the secret, so the keychain stays locked otherwise.
  const { result } = flags.online === true ? await unlock(connection) : connection;
  const store = await storeStatus(request, result);
  const relevant = result.problems.filter(({ key }) => !isWorkerSetting(key));
  const online =
    flags.online === true
      ? await checkConnection(await inspectConnection({ ...result, problems: relevant }, env), { env, signal })
      : undefined;
  return {
    settings: displaySettings(result.settings, locked),
    /** Problems of the settings that matter for credentials, one line each. */
    problems: relevant.map(formatProblem),
    warnings,
    store,
    online,
    /** 0 fine · 1 a problem · 2 missing or malformed settings · 3 renewal is due, if warnings count · 4 the engine could not be reached. */
    status: worstExitStatus([
      relevant.length > 0 ? 2 : 0,
      storeExitStatus(store, failOnWarn),
      failOnWarn && warnings.length > 0 ? 3 : 0,
      online?.status ?? 0,
    ]),
  };
}

/** The certificate in use, checked offline. A set in the store is compared with its lock file and with the settings. */
async function storeStatus(
  { cwd, clock }: CredentialsStatusRequest,
  { settings, problems }: SettingsResult,
): Promise<StoreStatus> {
  const files = nodeFileSystem;
  const now = clock.now();
  const layout = storeLayout(cwd);
  const used = configuredCertificate(settings);
  const incomplete = used === undefined ? problems.filter(({ key }) => key.startsWith('temporal.mutual-tls')) : [];
  return await withContext('Reading the stored credentials', layout.store, async () => {
    const pointers = await readPointers(files, layout);
    const pointedTo = pointers.to.kind === 'set' ? pointers.to.id : undefined;
    // Part of an incomplete certificate may come from a flag or a variable and not from the application files.
    const isOverridden = incomplete.some(({ source }) => source?.kind !== 'file');
    const id = used !== undefined ? findSetId(layout, used.paths) : isOverridden ? undefined : pointedTo;
    const rest = {
      ...(pointedTo !== undefined &&
        pointedTo !== id && { shadows: { id: pointedTo, folder: join(layout.store, pointedTo) } }),
      others: (await listSets(files, layout)).filter((other) => other !== id),
    };
    const namespace = settings['temporal.namespace']?.value;
    if (id !== undefined) {
      const stored = await readSet(files, layout, id);
      const { record, ...assessment } = assessSet(stored, { ...engineScope(settings), namespace }, now);
      const { namespace: pulledFor, pulledAt, proven: provenByEngine, token, previous } = record ?? {};
      const { folder } = stored;
      const set = { id, folder, namespace: pulledFor, pulledAt, provenByEngine, token, previous, ...assessment };
      return { kind: 'set', set, ...rest };
    }
    if (used === undefined) return { kind: incomplete.length > 0 ? 'unusable' : 'none', ...rest };
    const kind = used.paths === undefined ? 'inline' : 'other';
    return { kind, ...(await assessForeign(used, namespace, now)), ...rest };
  });
}

/** The id of the set that contains all of these files. */
function findSetId(layout: StoreLayout, paths: SetPaths | undefined): string | undefined {
  if (paths === undefined) return undefined;
  const ids = (['cert', 'key', 'ca'] as const).map((part) => setIdFromPath(layout, paths[part], SET_FILES[part]));
  return new Set(ids).size === 1 ? ids[0] : undefined;
}

async function assessForeign(
  { source, read }: ConfiguredCertificate,
  namespace: string | undefined,
  now: number,
): Promise<ForeignStatus> {
  try {
    return { source, ...assessCertificate({ namespace, text: await read() }, now) };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const { message, tried, seen } = error;
    return { source, stale: [{ reason: 'files', text: `${message}: ${[tried, seen].filter(Boolean).join(', ')}` }] };
  }
}

function storeExitStatus(store: StoreStatus, failOnWarn: boolean): ExitStatus {
  const stale = store.kind === 'set' ? store.set.stale : 'stale' in store ? store.stale : [];
  if (stale.some(({ reason }) => reason !== 'renewal-due')) return 1;
  return stale.length > 0 && failOnWarn ? 3 : 0;
}

/** The settings in a form that may be shown. A secret is `[redacted]`, or `[in the keychain]` if it was not read. */
function displaySettings(settings: ResolvedSettings, locked: LockedSecret | undefined) {
  const all: Readonly<Partial<Record<string, Setting<unknown>>>> = {
    ...(locked && { 'kuflow.api.client-secret': { ...locked, value: '[in the keychain]' } }),
    ...settings,
  };
  return DISPLAYED.flatMap((key) => {
    const setting = all[key];
    if (setting === undefined) return [];
    const isInline = key.endsWith('-data') && !(setting.value instanceof Secret);
    return [
      {
        key,
        value: isInline ? 'PEM' : String(setting.value),
        source: formatSource(setting.source),
        /** Weaker sources that also have a value. */
        shadows: setting.shadows.map(formatSource),
      },
    ];
  });
}
