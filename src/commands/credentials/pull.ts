import { join } from 'node:path';
import { projectCommands } from '../../project/commands.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { usageError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import type { FileSystem } from '../../files/file-system.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import { startDevCommand, toExitStatus } from '../../platform/session/worker-command.ts';
import { readRunningState, STATE_FOLDER } from '../../platform/state/state-file.ts';
import { LOCAL_SETTINGS_FILE, SETTING_KEYS } from '../../settings/keys.ts';
import {
  openCredentialClient,
  type CredentialClient,
  type CredentialContext,
  type CredentialsFlags,
} from './client.ts';
import { verifyCertificateWithEngine } from './prove.ts';
import type { EngineScope } from './set.ts';
import { installCredentialSet, type PullEvent, type PullResult } from './store/pull-set.ts';
import type { SettingTexts } from './store/settings-file.ts';

export interface PullFlags extends CredentialsFlags {
  readonly force?: boolean;
  readonly offline?: boolean;
  readonly withToken?: boolean;
  readonly dryRun?: boolean;
}

export interface CredentialsPullRequest extends CredentialContext {
  readonly flags: PullFlags;
  readonly report: (event: PullEvent) => void;
  /** The real disk if absent. */
  readonly files?: FileSystem;
  /** Called before anything is read or requested. If it rejects, the pull ends with that error. */
  readonly before?: (scope: EngineScope) => Promise<void>;
}

/** `scope`: that of the current settings. */
export type PulledCredentials = PullResult & { readonly scope: EngineScope };

/**
 * `kuflow credentials pull`: gets an engine certificate unless the stored one is usable. Rejects with a KnownError, and
 * then nothing has changed.
 */
export async function pullCredentials(request: CredentialsPullRequest): Promise<PulledCredentials> {
  const { force = false, offline = false, withToken = false, dryRun = false } = request.flags;
  return await withClient(request, async (client) => {
    await request.before?.(client.scope);
    return await installCredentialSet({
      ...commonPullRequest(request, client),
      force,
      dryRun,
      keepToken: withToken,
      requestToken: withToken ? client.requestToken : undefined,
      prove: offline
        ? undefined
        : (set) =>
            verifyCertificateWithEngine(set, {
              ...request,
              settings: client.settings,
              describeNamespace: false,
              unreachableHint: 'If this machine cannot reach the engine, add --offline',
            }),
    });
  });
}

export interface CredentialsRotateRequest extends CredentialContext {
  readonly report: (event: PullEvent) => void;
  /** Called after the switch, before the command. */
  readonly onSwitched?: (pulled: RotateResult['pulled']) => void;
  /** A command line for the system shell, run after the switch. */
  readonly exec?: string | undefined;
  readonly files?: FileSystem;
}

export interface RotateResult {
  readonly pulled: Extract<PullResult, { readonly kind: 'pulled' }>;
  /** Status of the command after the switch; absent if there was no command, or if an interrupt came first. */
  readonly execStatus?: number;
}

/**
 * `kuflow credentials rotate`: always gets a new set, and uses it only if the engine accepts it for the calls of a
 * worker.
 */
export async function rotateCredentials(request: CredentialsRotateRequest): Promise<RotateResult> {
  const pulled = await withClient(request, (client) =>
    installCredentialSet({
      ...commonPullRequest(request, client),
      force: true,
      dryRun: false,
      keepToken: false,
      requestToken: client.requestToken,
      prove: (set) =>
        verifyCertificateWithEngine(set, { ...request, settings: client.settings, describeNamespace: true }),
    }),
  );
  if (pulled.kind !== 'pulled') throw new Error('the rotation did not create a set');
  request.onSwitched?.(pulled);
  if (request.exec === undefined || request.signal.aborted) return { pulled };
  return { pulled, execStatus: await runShellCommand(request.exec, request) };
}

function commonPullRequest(request: CredentialsPullRequest | CredentialsRotateRequest, client: CredentialClient) {
  const { cwd, env, clock, signal, report, files = nodeFileSystem } = request;
  const { scope, requestMaterial } = client;
  const connection = localConnection(client);
  return { ...scope, project: cwd, env, clock, signal, report, files, requestMaterial, connection };
}

async function withClient(
  request: CredentialsPullRequest | CredentialsRotateRequest,
  work: (client: CredentialClient) => Promise<PullResult>,
): Promise<PulledCredentials> {
  const client = await openCredentialClient(request);
  requireRequestedLocal(client, request);
  try {
    const result = await work(client);
    return {
      ...result,
      warnings: [
        ...client.warnings,
        ...profileWarnings(client, request.cwd),
        ...(await localKuFlowWarnings(client, result, request.cwd)),
        ...result.warnings,
      ],
      scope: client.scope,
    };
  } finally {
    await client.close();
  }
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
    `To write the connection to the local KuFlow into ${LOCAL_SETTINGS_FILE}, add --local`,
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
      return value === undefined ? [] : [[name, value instanceof Secret ? value.reveal() : String(value)]];
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
