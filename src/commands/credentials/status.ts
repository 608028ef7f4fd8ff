import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { worstExitStatus, type ExitStatus } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { storeStatus, type StoreStatus, type UsedMaterial } from './store/status.ts';
import { nodeFiles } from '../../files/node-file-system.ts';
import { pruneSets, type PruneResult } from './store/prune.ts';
import type { CheckEvent } from '../../diagnostics/check.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import type { ConnectionReport } from '../../diagnostics/report.ts';
import { problemText, type ResolvedSettings, type SettingsResult } from '../../settings/resolve.ts';
import { sourceText, type Source } from '../../settings/sources.ts';
import { resolveConnection, type ConnectionContext } from '../../connection/resolve.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { configuredCertificate } from './configured-certificate.ts';
import type { LockedSecret } from '../../connection/profile.ts';

/** A setting as it may be shown. */
export interface DisplayedSetting {
  readonly key: string;
  /** `[redacted]` for a secret, `[in the keychain]` for one that was not read. */
  readonly value: string;
  readonly source: string;
  /** Weaker sources that give it too. */
  readonly shadows: readonly string[];
}

export interface CredentialsStatus {
  readonly settings: readonly DisplayedSetting[];
  /** Problems of the settings that matter for credentials, one line each. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** The certificate in use. */
  readonly store: StoreStatus;
  readonly online?: ConnectionReport;
  /** 0 fine · 1 something does not do · 3 renewal is due, where that was asked to count · 4 the engine could not be asked. */
  readonly status: ExitStatus;
}

export interface CredentialsStatusRequest extends ConnectionContext {
  readonly flags: ConnectionFlags;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asks KuFlow and the engine, which creates an engine token there. */
  readonly online: boolean;
  /** Whether warnings count. */
  readonly failOnWarn: boolean;
  readonly report: (event: CheckEvent) => void;
}

/** What they are about, in the order in which they are shown. */
const SHOWN = [
  'kuflow.api.endpoint',
  'kuflow.api.client-id',
  'kuflow.api.client-secret',
  'kuflow.api.tenant-id',
  'kuflow.api.ca',
  'temporal.target',
  'temporal.namespace',
  'temporal.mutual-tls.cert',
  'temporal.mutual-tls.key',
  'temporal.mutual-tls.ca',
  'temporal.mutual-tls.cert-data',
  'temporal.mutual-tls.key-data',
  'temporal.mutual-tls.ca-data',
  'temporal.mutual-tls.server-name',
  'temporal.proxy',
] as const;

interface Shown {
  readonly value: unknown;
  readonly source: Source;
  readonly shadows: readonly Source[];
}

/** `kuflow credentials status`: what is in use and whether it does; without a network, and with the keychain shut, unless `online`. */
export async function credentialsStatus(request: CredentialsStatusRequest): Promise<CredentialsStatus> {
  const { cwd, clock } = request;
  const connection = await resolveConnection(request.flags, request);
  const { locked, warnings } = connection;
  // The secret is needed only to ask KuFlow, so the keychain stays locked otherwise.
  const { result } = request.online ? await connection.unlock() : connection;
  const { settings } = result;
  const tenantId = settings['kuflow.api.tenant-id']?.value;
  const namespace = settings['temporal.namespace']?.value;
  const wanted = {
    endpoint: settings['kuflow.api.endpoint']?.value ?? '',
    principal: settings['kuflow.api.client-id']?.value ?? '',
    ...(tenantId !== undefined && { tenantId }),
    ...(namespace !== undefined && { namespace }),
  };
  const used = usedMaterial(result);
  const store = await storeStatus({ project: cwd, used, wanted, files: nodeFiles, now: clock.now() });
  const concerning = result.problems.filter(({ key }) => !key.startsWith('worker.') && key !== 'temporal.kuflow-queue');
  const problems = concerning.map(problemText);
  const online = request.online ? await askOnline(request, { ...result, problems: concerning }) : undefined;
  return {
    settings: shown(settings, locked),
    problems,
    warnings,
    store,
    ...(online && { online }),
    status: worstExitStatus([
      problems.length > 0 ? 1 : 0,
      storeStanding(store, request.failOnWarn),
      request.failOnWarn && warnings.length > 0 ? 3 : 0,
      online?.status ?? 0,
    ]),
  };
}

function usedMaterial({ settings, problems }: SettingsResult): UsedMaterial {
  const wrong = problems.filter(({ key }) => key.startsWith('temporal.mutual-tls'));
  const given = configuredCertificate(settings);
  if (given !== undefined) return { kind: 'given', ...given };
  if (wrong.length === 0) return { kind: 'requested' };
  return { kind: 'unusable', overridden: wrong.some(({ source }) => source?.kind !== 'file') };
}

function storeStanding(store: StoreStatus, failOnWarn: boolean): ExitStatus {
  const stale = store.kind === 'set' ? store.set.stale : 'stale' in store ? store.stale : [];
  const reasons = stale.map(({ reason }) => reason);
  if (reasons.some((reason) => reason !== 'renewal-due')) return 1;
  return reasons.length > 0 && failOnWarn ? 3 : 0;
}

function shown(settings: ResolvedSettings, locked: LockedSecret | undefined): readonly DisplayedSetting[] {
  const all: Readonly<Partial<Record<string, Shown>>> = {
    ...(locked && { 'kuflow.api.client-secret': { ...locked, value: '[in the keychain]' } }),
    ...settings,
  };
  return SHOWN.flatMap((key): readonly DisplayedSetting[] => {
    const setting = all[key];
    if (setting === undefined) return [];
    const inline = key.endsWith('-data') && !(setting.value instanceof Secret);
    return [
      {
        key,
        value: inline ? 'PEM' : String(setting.value),
        source: sourceText(setting.source),
        shadows: setting.shadows.map(sourceText),
      },
    ];
  });
}

async function askOnline(request: CredentialsStatusRequest, result: SettingsResult): Promise<ConnectionReport> {
  const { env, report, signal } = request;
  return await checkConnection(await inspectConnection(result, env), { env, report, signal });
}

export interface CredentialsPruneRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
}

/** `kuflow credentials prune`: removes the sets that nothing points to. */
export async function pruneCredentials(request: CredentialsPruneRequest): Promise<PruneResult> {
  const { cwd, env } = request;
  const temporal = temporalConfigFile(env, cwd);
  return await pruneSets({
    ...request,
    project: cwd,
    files: nodeFiles,
    ...(temporal !== undefined && { alsoRead: [temporal] }),
  });
}

/** Where Temporal's tools look for their profiles: TEMPORAL_CONFIG_FILE, or `temporalio/temporal.toml` in the user's folder of settings. */
function temporalConfigFile(env: CredentialsPruneRequest['env'], cwd: string): string | undefined {
  const given = env['TEMPORAL_CONFIG_FILE'] ?? '';
  if (given !== '') return resolve(cwd, given);
  const home = env['HOME'];
  const inHome = (...parts: readonly string[]): string | undefined =>
    home === undefined ? undefined : join(home, ...parts);
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  const folders: Readonly<Partial<Record<NodeJS.Platform, string | undefined>>> = {
    darwin: inHome('Library', 'Application Support'),
    win32: env['APPDATA'],
  };
  const folder = process.platform in folders ? folders[process.platform] : isAbsolute(xdg) ? xdg : inHome('.config');
  return folder === undefined ? undefined : join(folder, 'temporalio', 'temporal.toml');
}
