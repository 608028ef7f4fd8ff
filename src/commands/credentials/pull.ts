import { join, resolve } from 'node:path';
import { projectCommands } from '../../project/commands.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { amendError, KnownError, usageError } from '../../base/errors.ts';
import { revealed } from '../../base/secret.ts';
import { nodeFileSystem, type FileSystem } from '../../files/node-file-system.ts';
import { startDevCommand, toExitStatus } from '../../platform/session/worker-command.ts';
import { readRunningState, STATE_FOLDER } from '../../platform/state/running-state.ts';
import { LOCAL_SETTINGS_FILE, SETTING_KEYS } from '../../settings/keys.ts';
import {
  openCredentialClient,
  type CredentialClient,
  type CredentialContext,
  type CredentialsFlags,
} from './request-credentials.ts';
import { checkExport, exportSet, type ExportEvent, type ExportResult } from './formats/export-set.ts';
import type { FormatName } from './formats/format.ts';
import { verifyCertificateWithEngine } from './test-with-engine.ts';
import type { EngineScope } from './credential-set.ts';
import { installCredentialSet, type PullResult, type PullSetRequest } from './store/install-set.ts';
import { loadSet } from './store/sets.ts';
import type { SettingTexts } from './store/settings-file.ts';

export interface PullFlags extends CredentialsFlags {
  readonly force?: boolean;
  readonly offline?: boolean;
  readonly withToken?: boolean;
  readonly dryRun?: boolean;
}

interface InstallRequest extends CredentialContext {
  readonly report: (title: string) => void;
  /** The real disk if absent. */
  readonly files?: FileSystem;
}

/** `scope`: that of the current settings. */
type PulledCredentials = PullResult & { readonly scope: EngineScope };

/**
 * `kuflow credentials pull`: gets an engine certificate unless the stored one is usable. `before` is called before
 * anything is read or requested; if it rejects, the pull ends with that error. Rejects with a KnownError, and then
 * nothing has changed.
 */
export async function pullCredentials(
  request: InstallRequest & { readonly flags: PullFlags },
  before?: (scope: EngineScope) => Promise<void>,
): Promise<PulledCredentials> {
  const { force = false, offline = false, withToken = false, dryRun = false } = request.flags;
  const hints = ['If this machine cannot reach the engine, add --offline'];
  const proof = offline ? undefined : { describeNamespace: false, hints };
  return await install(request, { force, dryRun, keepToken: withToken, proof }, before);
}

export interface ExportFlags {
  readonly format?: FormatName | undefined;
  /** `-` or a path, relative to the current folder. */
  readonly output?: string | undefined;
  readonly paths?: boolean | undefined;
  readonly temporalProfile?: string | undefined;
  readonly secretName?: string | undefined;
  readonly allowGit?: boolean | undefined;
}

interface PullAndExportRequest extends InstallRequest {
  readonly flags: PullFlags & ExportFlags;
  readonly onPulled: (pulled: PulledCredentials) => void;
  readonly onExport: (event: ExportEvent) => void;
}

/**
 * `kuflow credentials pull --format`: ensures a usable set in the project, then writes it in the requested format.
 * Problems with the target are reported before anything is requested from KuFlow. Without --format, and if a dry run
 * found no usable set, nothing is exported. Rejects with a KnownError.
 */
export async function pullAndExport(
  request: PullAndExportRequest,
): Promise<{ readonly pulled: PulledCredentials; readonly exported?: ExportResult }> {
  const { flags, files = nodeFileSystem, cwd, env, clock, signal } = request;
  const { format, output, withToken = false } = flags;
  const target =
    format === undefined || output === undefined
      ? undefined
      : {
          format,
          output: output === '-' ? output : resolve(cwd, output),
          byPath: flags.paths === true,
          profile: flags.temporalProfile,
          secretName: flags.secretName,
          allowGit: flags.allowGit === true,
          dryRun: flags.dryRun === true,
          files,
          env,
          clock,
          signal,
          report: request.onExport,
        };
  if (target === undefined) rejectIncompleteOptions(flags);
  const pulled = await pullCredentials(
    request,
    target && ((scope) => checkExport({ ...target, scope, project: cwd, withToken })),
  );
  request.onPulled(pulled);
  if (target === undefined || pulled.kind === 'would-pull') return { pulled };
  try {
    const { set, paths } = await loadSet(files, cwd, pulled.record, pulled.scope, { withToken, now: clock.now() });
    return { pulled, exported: await exportSet({ ...target, set, paths }) };
  } catch (error) {
    if (pulled.kind !== 'pulled' || !(error instanceof KnownError)) throw error;
    // The project already uses the new set, although the target was not written.
    throw amendError(error, {
      message: `${error.message}; the new set ${pulled.record.id} is in use anyway`,
      next: ['To write that set without requesting a new one, run the same command without --force'],
    });
  }
}

/** Throws a usage error for a format without a target, and for options of a format without one. */
function rejectIncompleteOptions({ format, output, paths, temporalProfile, secretName, allowGit }: ExportFlags): void {
  if (format !== undefined)
    throw usageError(`--format ${format} requires --output`, [
      format === 'pem' ? 'Add --output <folder>' : 'Add --output <file>, or --output - for standard output',
    ]);
  if ([output, paths, temporalProfile, secretName, allowGit].some((value) => value !== undefined))
    throw usageError('--output, --paths, --temporal-profile, --secret-name and --allow-git require --format');
}

interface RotateRequest extends InstallRequest {
  /** Called after the switch, before the command. */
  readonly onSwitched?: (pulled: PullResult) => void;
  /** A command line for the system shell, run after the switch. */
  readonly exec?: string | undefined;
}

/**
 * `kuflow credentials rotate`: always gets a new set, and switches to it only if the engine accepts it. `execStatus`: of the command after the
 * switch; undefined if there was no command, or if an interrupt came first.
 */
export async function rotateCredentials(request: RotateRequest) {
  const proof = { describeNamespace: true };
  const pulled = await install(request, { force: true, dryRun: false, keepToken: false, proof });
  if (pulled.kind !== 'pulled') throw new Error('the rotation did not create a set');
  request.onSwitched?.(pulled);
  const { exec, signal } = request;
  return {
    pulled,
    execStatus: exec === undefined || signal.aborted ? undefined : await runShellCommand(exec, request),
  };
}

interface InstallOptions extends Pick<PullSetRequest, 'force' | 'dryRun' | 'keepToken'> {
  /** How the set is tested against the engine, which requires a token; undefined if it is not. */
  readonly proof: { readonly describeNamespace: boolean; readonly hints?: readonly string[] } | undefined;
}

async function install(
  request: InstallRequest,
  { proof, ...options }: InstallOptions,
  before?: (scope: EngineScope) => Promise<void>,
): Promise<PulledCredentials> {
  const { cwd, env, clock, signal, report, files = nodeFileSystem } = request;
  const client = await openCredentialClient(request);
  const { scope, settings, requestMaterial, requestToken } = client;
  requireRequestedLocal(client, request);
  try {
    await before?.(scope);
    const result = await installCredentialSet({
      ...scope,
      ...options,
      ...{ project: cwd, env, clock, signal, report, files, requestMaterial },
      requestToken: options.keepToken || proof !== undefined ? withHints(requestToken, proof?.hints) : undefined,
      connection: localConnection(client),
      prove: proof && ((set) => verifyCertificateWithEngine(set, { ...proof, settings, env, signal })),
    });
    return {
      ...result,
      scope,
      warnings: [
        ...client.warnings,
        ...profileWarnings(client, cwd),
        ...(await localKuFlowWarnings(client, result, cwd)),
        ...result.warnings,
      ],
    };
  } finally {
    await client.close();
  }
}

/** As `request`, but its errors have more next steps, except that of an interruption. */
function withHints<T>(request: () => Promise<T>, hints: readonly string[] = []): () => Promise<T> {
  return async () => {
    try {
      return await request();
    } catch (error) {
      throw error instanceof KnownError && error.status !== 130 ? amendError(error, { next: hints }) : error;
    }
  };
}

const isLocal = ({ settings }: CredentialClient): boolean => settings['kuflow.api.client-id']?.source.kind === 'local';

/**
 * Commands use the local KuFlow if no connection is configured. This one would then write settings with which they no longer do, so it has to be
 * asked for.
 */
function requireRequestedLocal(client: CredentialClient, { local, cwd }: CredentialContext): void {
  if (!isLocal(client) || local?.requested === true) return;
  const kuflow = cliInvocation(cwd);
  throw usageError('No connection to KuFlow is configured, and the local KuFlow does not need credentials', [
    `For KuFlow, store the client ID and secret of an application first: ${kuflow} login`,
    `To run a command on the local KuFlow, use ${kuflow} dev exec -- <command>`,
    `To write the local KuFlow's connection settings to ${LOCAL_SETTINGS_FILE}, add --local`,
  ]);
}

/** The connection to the local KuFlow. Without it, the certificate would be used with the KuFlow that the other settings or the defaults name. */
function localConnection(client: CredentialClient): SettingTexts | undefined {
  if (!isLocal(client)) return undefined;
  const names = SETTING_KEYS.map(({ name }) => name).filter(
    (name) => name.startsWith('kuflow.api.') || name === 'temporal.target',
  );
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = client.settings[name]?.value;
      return value === undefined ? [] : [[name, revealed(value)]];
    }),
  );
}

/** A worker cannot start with a set alone: it needs client ID and secret to get its tokens. */
function profileWarnings({ settings }: CredentialClient, cwd: string): readonly string[] {
  const source = settings['kuflow.api.client-id']?.source;
  if (source?.kind !== 'profile') return [];
  return [
    `Client ID and secret come from profile ${source.name}, which a worker does not read. Add them to ${LOCAL_SETTINGS_FILE} or to the ` +
      `environment of the worker, for example with ${cliInvocation(cwd)} credentials exec`,
  ];
}

/** A worker that was started on a local KuFlow read its application files at startup. */
async function localKuFlowWarnings(
  { scope }: CredentialClient,
  { kind }: PullResult,
  cwd: string,
): Promise<readonly string[]> {
  if (kind !== 'pulled') return [];
  // The set is already in use. An unreadable state file is reported by the commands for the local KuFlow.
  const running = await readRunningState(join(cwd, STATE_FOLDER)).catch(() => undefined);
  if (running === undefined || scope.target === running.endpoints.engine) return [];
  return [
    `A local KuFlow runs here (process ${running.pid}). Restart its worker (${(await projectCommands(cwd))?.dev ?? 'npm run dev'}, or dev exec); otherwise it picks up these ` +
      'credentials, which the local KuFlow rejects',
  ];
}

/** Runs the user's command line in the user's environment, without any credentials added. */
async function runShellCommand(
  line: string,
  { cwd, env, signal }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
) {
  const command = await startDevCommand({
    command: [line],
    shell: true,
    cwd,
    env,
    output: 'stderr',
  });
  const stop = (): void => void command.drain('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const status = toExitStatus(await command.exited);
  signal.removeEventListener('abort', stop);
  return status;
}
