import { worstExitStatus, type ExitStatus } from '../../base/exit-status.ts';
import { Secret } from '../../base/secret.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import type { LockedSecret } from '../../connection/profile.ts';
import { resolveConnection } from '../../connection/resolve.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import type { ConnectionReport } from '../../diagnostics/report.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import { SETTING_KEYS } from '../../settings/keys.ts';
import {
  formatProblem,
  isWorkerSetting,
  type ResolvedSettings,
  type Setting,
  type SettingsResult,
} from '../../settings/resolve.ts';
import { formatSource } from '../../settings/sources.ts';
import { engineScope, type CredentialContext, type CredentialsFlags } from './client.ts';
import { configuredCertificate } from './material.ts';
import { storeStatus, type StoreStatus, type UsedMaterial } from './store/status.ts';

/** A setting in a form that may be shown. */
export interface DisplayedSetting {
  readonly key: string;
  /** `[redacted]` for a secret, `[in the keychain]` for a secret that was not read. */
  readonly value: string;
  readonly source: string;
  /** Weaker sources that also have a value. */
  readonly shadows: readonly string[];
}

export interface CredentialsStatus {
  readonly settings: readonly DisplayedSetting[];
  /** Problems of the settings that matter for credentials, one line each. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** The certificate in use. */
  readonly store: StoreStatus;
  readonly online?: ConnectionReport | undefined;
  /** 0 fine · 1 a problem · 2 missing or malformed settings · 3 renewal is due, if warnings count · 4 the engine could not be reached. */
  readonly status: ExitStatus;
}

export interface StatusFlags extends CredentialsFlags {
  /** Also checks with KuFlow and the engine, which creates an engine token. */
  readonly online?: boolean;
  /** Whether warnings count. */
  readonly failOn?: 'warn';
}

export interface CredentialsStatusRequest extends CredentialContext {
  readonly flags: StatusFlags;
}

/** The settings to show: those of the connection. */
const DISPLAYED = SETTING_KEYS.map(({ name }) => name).filter((name) => !isWorkerSetting(name));

/**
 * `kuflow credentials status`: the credentials in use and their problems. Uses no network and opens no keychain unless
 * `online`.
 */
export async function credentialsStatus(request: CredentialsStatusRequest): Promise<CredentialsStatus> {
  const { cwd, clock, flags } = request;
  const failOnWarn = flags.failOn === 'warn';
  const connection = await resolveConnection(flags, request);
  const { locked, warnings } = connection;
  // Only requests to KuFlow need the secret, so the keychain stays locked otherwise.
  const { result } = flags.online === true ? await connection.unlock() : connection;
  const { settings } = result;
  const wanted = { ...engineScope(settings), namespace: settings['temporal.namespace']?.value };
  const used = findUsedMaterial(result);
  const store = await storeStatus({ project: cwd, used, wanted, files: nodeFileSystem, now: clock.now() });
  const relevant = result.problems.filter(({ key }) => !isWorkerSetting(key));
  const { env, signal } = request;
  const online =
    flags.online === true
      ? await checkConnection(await inspectConnection({ ...result, problems: relevant }, env), { env, signal })
      : undefined;
  return {
    settings: displaySettings(settings, locked),
    problems: relevant.map(formatProblem),
    warnings,
    store,
    online,
    status: worstExitStatus([
      relevant.length > 0 ? 2 : 0,
      storeExitStatus(store, failOnWarn),
      failOnWarn && warnings.length > 0 ? 3 : 0,
      online?.status ?? 0,
    ]),
  };
}

function findUsedMaterial({ settings, problems }: SettingsResult): UsedMaterial {
  const ofCertificate = problems.filter(({ key }) => key.startsWith('temporal.mutual-tls'));
  const configured = configuredCertificate(settings);
  if (configured !== undefined) return { kind: 'given', ...configured };
  if (ofCertificate.length === 0) return { kind: 'requested' };
  return { kind: 'unusable', overridden: ofCertificate.some(({ source }) => source?.kind !== 'file') };
}

function storeExitStatus(store: StoreStatus, failOnWarn: boolean): ExitStatus {
  const stale = store.kind === 'set' ? store.set.stale : 'stale' in store ? store.stale : [];
  if (stale.some(({ reason }) => reason !== 'renewal-due')) return 1;
  return stale.length > 0 && failOnWarn ? 3 : 0;
}

function displaySettings(settings: ResolvedSettings, locked: LockedSecret | undefined): readonly DisplayedSetting[] {
  const all: Readonly<Partial<Record<string, Setting<unknown>>>> = {
    ...(locked && { 'kuflow.api.client-secret': { ...locked, value: '[in the keychain]' } }),
    ...settings,
  };
  return DISPLAYED.flatMap((key): readonly DisplayedSetting[] => {
    const setting = all[key];
    if (setting === undefined) return [];
    const isInline = key.endsWith('-data') && !(setting.value instanceof Secret);
    return [
      {
        key,
        value: isInline ? 'PEM' : String(setting.value),
        source: formatSource(setting.source),
        shadows: setting.shadows.map(formatSource),
      },
    ];
  });
}
