import { join } from 'node:path';
import { cliInvocation } from '../../base/cli-invocation.ts';
import type { EngineScope } from './material/make-set.ts';
import { installCredentialSet, type PullEvent, type PullResult } from './store/pull-set.ts';
import { nodeFiles } from '../../files/node-file-system.ts';
import type { StoreFiles } from '../../files/file-system.ts';
import { readRunningState, STATE_FOLDER } from '../../platform/state-file.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { openCredentialClient, type CredentialClient, type CredentialContext } from './client.ts';
import { verifyCertificateWithEngine } from './prove.ts';
import { startDevCommand, toExitStatus } from '../../platform/session/worker-command.ts';

export interface CredentialsPullRequest extends CredentialContext {
  readonly flags: ConnectionFlags;
  readonly force: boolean;
  readonly offline: boolean;
  readonly withToken: boolean;
  readonly dryRun: boolean;
  readonly report: (event: PullEvent) => void;
  /** The real disk when absent. */
  readonly files?: StoreFiles;
  /** Called before anything is asked or looked at; what it rejects with ends the pull. */
  readonly before?: (place: EngineScope) => Promise<void>;
}

/** `place`: whose set it is by the settings now, and where it is used. */
export type PulledCredentials = PullResult & { readonly place: EngineScope };

/** `kuflow credentials pull`: asks for an engine certificate where the one here does not do. Rejects with a KnownError, nothing changed. */
export async function pullCredentials(request: CredentialsPullRequest): Promise<PulledCredentials> {
  return await withAccess(request, async (access) => {
    await request.before?.(access.place);
    return await installCredentialSet({
      ...common(request, access),
      force: request.force,
      dryRun: request.dryRun,
      keepToken: request.withToken,
      ...(request.withToken && { requestToken: access.requestToken }),
      ...(!request.offline && {
        prove: (set) =>
          verifyCertificateWithEngine(set, {
            ...request,
            settings: access.settings,
            describeNamespace: false,
            otherwise: 'Where the engine is not reached from here, give --offline',
          }),
      }),
    });
  });
}

export interface CredentialsRotateRequest extends CredentialContext {
  readonly flags: ConnectionFlags;
  readonly report: (event: PullEvent) => void;
  /** Called after the switch, before the command. */
  readonly onSwitched?: (pulled: RotateResult['pulled']) => void;
  /** A line for the system's shell, run after the switch. */
  readonly exec?: string;
  readonly files?: StoreFiles;
}

export interface RotateResult {
  readonly pulled: Extract<PullResult, { readonly kind: 'pulled' }>;
  /** Status of the command after the switch; absent when there is none, or an interrupt came first. */
  readonly execStatus?: number;
}

/** `kuflow credentials rotate`: a new set whatever the one here is like, in use only when the engine took it for the calls of a worker. */
export async function rotateCredentials(request: CredentialsRotateRequest): Promise<RotateResult> {
  const pulled = await withAccess(request, (access) =>
    installCredentialSet({
      ...common(request, access),
      force: true,
      dryRun: false,
      keepToken: false,
      requestToken: access.requestToken,
      prove: (set) =>
        verifyCertificateWithEngine(set, { ...request, settings: access.settings, describeNamespace: true }),
    }),
  );
  if (pulled.kind !== 'pulled') throw new Error('a rotation that made nothing');
  request.onSwitched?.(pulled);
  if (request.exec === undefined || request.signal.aborted) return { pulled };
  return { pulled, execStatus: await runAfter(request.exec, request) };
}

function common(request: CredentialsPullRequest | CredentialsRotateRequest, access: CredentialClient) {
  const { cwd, env, clock, signal, report, files = nodeFiles } = request;
  return {
    ...access.place,
    ...{ project: cwd, env, clock, signal, report, files },
    requestMaterial: access.requestMaterial,
  };
}

async function withAccess(
  request: CredentialsPullRequest | CredentialsRotateRequest,
  work: (access: CredentialClient) => Promise<PullResult>,
): Promise<PulledCredentials> {
  const access = await openCredentialClient(request.flags, request);
  try {
    const result = await work(access);
    return {
      ...result,
      warnings: [
        ...access.warnings,
        ...unreadByWorkers(access, request.cwd),
        ...(await besideLocalKuFlow(access, result, request.cwd)),
        ...result.warnings,
      ],
      place: access.place,
    };
  } finally {
    await access.close();
  }
}

/** A set alone starts no worker: it asks for its tokens with id and secret. */
function unreadByWorkers({ settings }: CredentialClient, cwd: string): readonly string[] {
  const source = settings['kuflow.api.client-id']?.source;
  if (source?.kind !== 'profile') return [];
  return [
    `Client id and secret are those of the profile ${source.name}, which a worker does not read: it needs them in application-local.yaml or in its ` +
      `environment, as ${cliInvocation(cwd)} credentials exec gives them`,
  ];
}

/** A worker that a local KuFlow was given to is led there by what its files held when it was started. */
async function besideLocalKuFlow(
  { place }: CredentialClient,
  { kind }: PullResult,
  cwd: string,
): Promise<readonly string[]> {
  if (kind !== 'pulled') return [];
  // The set is in use by now; of a state that can't be read the commands of that KuFlow tell.
  const running = await readRunningState(join(cwd, STATE_FOLDER)).catch(() => undefined);
  if (running === undefined || place.target === running.endpoints.engine) return [];
  return [
    `A local KuFlow runs here, pid ${running.pid}: stop its worker and start it again (npm run dev, or dev exec), or it goes on with these ` +
      'credentials, which the local KuFlow refuses',
  ];
}

/** The user's own line in the user's own environment: it holds no credential that it did not have before. */
async function runAfter(
  line: string,
  { cwd, env, signal }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
) {
  const windows = process.platform === 'win32';
  const command = await startDevCommand({
    command: windows ? [env['ComSpec'] ?? 'cmd.exe', '/d', '/s', '/c', line] : ['/bin/sh', '-c', line],
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
