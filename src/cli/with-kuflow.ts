import { KnownError, usageError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { requireConnection, resolveConnection } from '../connection/resolve-connection.ts';
import type { OperationId } from '../kuflow/contract/operations.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import { resolveId } from '../kuflow/find-id.ts';
import { RECENT_RECORDS } from '../platform/client/light-client.ts';
import { openApplicationSession, openLocalSession, type KuFlowSession } from '../platform/client/kuflow-session.ts';
import { localSettings } from '../platform/session/local-settings.ts';
import { readRunningState, stateFolder, type PlatformState } from '../platform/state/running-state.ts';
import { findProject } from '../process/find-project.ts';
import { connectionContext } from './connection-options.ts';
import type { CommandContext } from './context.ts';
import type { ChangeFlags, SessionFlags } from './process-and-task-options.ts';
import { LOCAL_HINT } from './confirm-change.ts';
import { requireRunningPlatform } from './local-kuflow.ts';

/**
 * Runs `work` in the KuFlow that is configured, as its application, or otherwise in the local KuFlow that runs for this folder, as one of its
 * users. Rejects with KnownError if neither is there. `onlyLocal`: the command needs the local KuFlow.
 */
export async function withKuFlow(
  flags: SessionFlags & Pick<ChangeFlags, 'as'>,
  context: CommandContext,
  work: (session: KuFlowSession) => Promise<void>,
  { onlyLocal = false } = {},
): Promise<void> {
  const session = await openSession(flags, context, onlyLocal);
  try {
    await work(session);
  } catch (error) {
    if (session.local === undefined || !(error instanceof KuFlowApiError) || error.body === undefined) throw error;
    // The local KuFlow says what is wrong; advice about roles in the KuFlow app would mislead.
    const list = error.kind === 'not-found' ? LISTS[error.operationId] : undefined;
    throw new KnownError({
      message: escapeForTerminal(error.body.message, 300),
      cause: error,
      ...(list !== undefined && { status: 2, next: [`${list.title}: ${context.invocation} ${list.command}`] }),
    });
  } finally {
    await session.close();
  }
}

/** For each operation that retrieves something by ID, the command that lists the IDs. */
const LISTS: Readonly<Partial<Record<OperationId, { readonly title: string; readonly command: string }>>> = {
  retrieveProcess: { title: 'List the processes', command: 'process list' },
  retrieveProcessItem: { title: 'List the tasks', command: 'task list' },
};

async function openSession(
  flags: SessionFlags & Pick<ChangeFlags, 'as'>,
  context: CommandContext,
  onlyLocal: boolean,
): Promise<KuFlowSession> {
  const { cwd, env, terminal } = context;
  const folder = findProject(cwd) ?? cwd;
  const request = { folder, env, signal: context.interruption() };
  const place = { cwd: flags.stateDir === undefined ? folder : cwd, stateDir: flags.stateDir };
  const requested = flags.local === true || flags.stateDir !== undefined;
  const useTenant = `To use your tenant in KuFlow instead, run ${context.invocation} login, or set KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET`;
  let running: PlatformState | undefined;
  const settings = await resolveConnection(flags, {
    ...connectionContext(context),
    local: {
      requested,
      option: flags.local === true ? '--local' : '--state-dir',
      find: async () => {
        running = await requireRunningPlatform(place, context, requested || onlyLocal ? [] : [useTenant]);
        return localSettings(running);
      },
    },
  });
  // `kuflow dev exec` and `kuflow dev env` configure the application of the local KuFlow.
  const here = running ?? (await readRunningState(stateFolder(place)));
  const clientId = settings.result.settings['kuflow.api.client-id']?.value;
  if (here !== undefined && (running !== undefined || clientId?.toLowerCase() === here.application.id))
    return await openLocalSession(here, flags.as, request);
  const connection = await requireConnection(settings);
  for (const warning of connection.warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  const session = openApplicationSession(await connection.rest(), request);
  const other = here === undefined ? '' : '. To use the local KuFlow that runs here, pass --local';
  terminal.err.line(`Using ${session.client.endpoint} as ${session.caller.name}${other}`);
  if (flags.as !== undefined) {
    await session.close();
    throw usageError('--as needs the local KuFlow: elsewhere, the caller is the application', [LOCAL_HINT]);
  }
  return session;
}

export interface DataFlags extends ChangeFlags {
  readonly set?: readonly string[];
  readonly fake?: boolean;
  readonly allowInvalid?: boolean;
}

/** Throws a usage error for sources of data that exclude each other. `file` is the value of `option`. */
export function rejectDataSources(flags: DataFlags, option: '--data' | '--metadata', file: string | undefined): void {
  if (flags.fake === true && (file !== undefined || flags.set !== undefined))
    throw usageError(`--fake cannot be combined with ${option} or --set`);
  if (file === '-' && flags.clientSecretStdin === true)
    throw usageError(`${option} - and --client-secret-stdin both read standard input`);
}

/** Throws a usage error for `--fake` in a KuFlow that is not local. */
export function rejectFakeData({ local }: KuFlowSession, { fake }: DataFlags): void {
  if (fake === true && local === undefined)
    throw usageError('--fake writes made-up data, so it needs the local KuFlow', [LOCAL_HINT]);
}

/** Resolves a process ID, the end of a process ID, or `latest`. Rejects with a usage error if it does not match one process. */
export async function findProcessId(
  session: KuFlowSession,
  id: string,
  { invocation }: CommandContext,
): Promise<string> {
  return await resolveId(id, {
    what: 'process',
    listIds: async () => {
      const recent = await session.client.findProcesses({
        sort: ['createdAt,desc'],
        size: RECENT_RECORDS,
        ...tenantQuery(session),
      });
      return recent.content.map((process) => process.id);
    },
    hint: `List the processes: ${invocation} process list`,
  });
}

/** Like `findProcessId`, in this local KuFlow. */
export async function findLocalProcessId(running: PlatformState, id: string, context: CommandContext): Promise<string> {
  const { cwd, env } = context;
  const session = await openLocalSession(running, undefined, { folder: cwd, env, signal: context.interruption() });
  try {
    return await findProcessId(session, id, context);
  } finally {
    await session.close();
  }
}

/** Restricts a list to the tenant of a configured connection. The local KuFlow serves processes of several tenants. */
export const tenantQuery = ({ local, tenantId }: KuFlowSession): { readonly tenantId?: string[] } =>
  local !== undefined || tenantId === undefined ? {} : { tenantId: [tenantId] };
