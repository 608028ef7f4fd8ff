import { setTimeout as sleep } from 'node:timers/promises';
import { msToNumber, type Duration } from '@temporalio/common/lib/time.js';
import type { JsonValue, Process, ProcessAction, ProcessItem, ProcessState } from '../model.ts';
import { isOpenState, type TaskLog } from './fake-kuflow.ts';
import { createLocalClient, type LocalClient, type WaitResult } from './local-client.ts';
import { readPlatformState, startLocalWorker, startPlatform, type Child } from './local-processes.ts';

/** The state file of a running local KuFlow, for this process and those that it starts. */
const STATE_FILE = 'KUFLOW_DEV_STATE_FILE';
/** How many seconds to wait for a state or a task, for slow machines. */
const SECONDS = 'KUFLOW_TEST_SECONDS';
const DEFAULT_SECONDS = 30;
const START_SECONDS = 300;
const POLL_MS = 100;

/** How to start what a test needs. */
export interface LocalKuFlowOptions {
  /** The folder of the project. Default: the working directory. */
  readonly folder?: string;
  /** The arguments of Node.js that start the worker. Default: `['--import', 'tsx', 'src/main.ts']`. */
  readonly worker?: readonly string[];
  /** How long to wait for a state or a task, in milliseconds. Default: KUFLOW_TEST_SECONDS, or 30 s. */
  readonly limit?: number;
}

/** A fault of the local KuFlow; see the guide "Test a worker against the local KuFlow". */
export type FaultAction =
  | { readonly kind: 'drop-request' | 'drop-answer' | 'cut-answer' | 'no-answer' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number };

/** A local KuFlow with the project's worker. */
export interface LocalKuFlow {
  /** The same local KuFlow as another user, by email. */
  as(email: string): LocalKuFlow;
  /** Starts a process. */
  start(code: string, metadata?: object): Promise<LocalProcess>;
  /** Makes the next calls of an operation fail, such as `createProcessItem`. */
  fault(operationId: string, action: FaultAction, times?: number): Promise<void>;
  /**
   * Skips time for all processes, so that deadlines pass: a duration such as `'3 days'`, or, without a duration, until a process changes.
   * Rejects if a workflow does not finish its work, or if there is nothing to skip to.
   */
  skip(duration?: Duration): Promise<void>;
  /** Stops the worker and the local KuFlow, unless it was running before. */
  close(): Promise<void>;
}

/** A process in the local KuFlow. */
export interface LocalProcess {
  readonly id: string;
  /** The same process as another user, by email. */
  as(email: string): LocalProcess;
  /** A task, which may not exist yet. If several have this code, it is the open one. */
  task(code: string): {
    /** Waits for the task, claims it, and completes it. Without data, it gets valid example data. Rejects if the data is not valid. */
    complete(data?: object): Promise<void>;
  };
  /**
   * Invokes a user action and waits until it has ended. `input` is the input of a signal, or the text of a message. Rejects if the action
   * fails, or does not end within the limit.
   */
  act(code: string, input?: object | string): Promise<ProcessAction>;
  /** Sends a signal to the workflow. For the signal of a user action, use `act`. */
  signal(name: string, input?: unknown): Promise<void>;
  /** The items of the process with their data, in the order of their creation. */
  items(): Promise<readonly ProcessItem[]>;
  /** The lines in the logs of the tasks. */
  logs(): Promise<readonly TaskLog[]>;
  /**
   * Waits for a state, by default COMPLETED. Rejects if the process does not reach it within the limit, or no longer can. The error names the
   * open tasks, the worker that polls, and the last failure.
   */
  wait(state?: ProcessState, options?: { readonly limit?: number }): Promise<void>;
}

/**
 * Starts a worker and a local KuFlow for the project. The local KuFlow uses free ports and a temporary folder. The worker and the local KuFlow
 * stop when the calling program exits. If an earlier call in the same program or in a parent process has already started them, this call reuses
 * them. To use a running `kuflow dev` and its worker, set KUFLOW_DEV_STATE_FILE to the path of its `.kuflow/dev/platform.json`.
 */
export async function openLocalKuFlow({
  folder = process.cwd(),
  worker = ['--import', 'tsx', 'src/main.ts'],
  limit = Number(process.env[SECONDS] ?? DEFAULT_SECONDS) * 1_000,
}: LocalKuFlowOptions = {}): Promise<LocalKuFlow> {
  const running = process.env[STATE_FILE];
  if (running !== undefined) return connect(running, limit, []);
  endWithRunner();
  const { child: platform, stateFile } = await startPlatform(folder);
  const children = [platform];
  try {
    const state = await readPlatformState(stateFile);
    const client = createLocalClient(state.loopback.http, state.user.token, () => platform.ended);
    const { variables } = await client.dev<{ readonly variables: Record<string, string> }>('GET', '/environment');
    await client.close();
    children.unshift(startLocalWorker(worker, folder, variables));
    const opened = await connect(stateFile, limit, children);
    process.env[STATE_FILE] = stateFile;
    return opened;
  } catch (error) {
    await stopAll(children);
    throw error;
  }
}

/** A Vitest worker outlives a runner that is killed, and so would the processes that it has started. */
function endWithRunner(): void {
  process.once('disconnect', () => process.exit(1));
}

/** Stops a worker before its platform. */
async function stopAll(children: readonly Child[]): Promise<void> {
  for (const [index, child] of children.entries())
    await child.stop((one) => void (index === children.length - 1 ? one.stdin?.end() : one.kill('SIGTERM')));
}

async function connect(stateFile: string, limit: number, children: readonly Child[]): Promise<LocalKuFlow> {
  const { loopback, tenantId, user } = await readPlatformState(stateFile);
  const ended = children.length === 0 ? undefined : AbortSignal.any(children.map((child) => child.ended));
  const client = createLocalClient(loopback.http, user.token, () => ended);
  const started = await client.dev<{ readonly polling: boolean }>('POST', '/workers/wait', {
    timeoutSeconds: START_SECONDS,
  });
  if (!started.polling) throw new Error(`No worker is polling the task queues after ${START_SECONDS} s`);

  const tokenOf = async (email: string): Promise<string> => {
    interface Users {
      readonly users: readonly { readonly email: string; readonly token: string }[];
    }
    const { users } = await client.dev<Users>('GET', '/users');
    const found = users.find((one) => one.email.toLowerCase() === email.toLowerCase());
    if (found === undefined)
      throw new Error(`The local KuFlow does not have the user ${email}. Its users: ${users.map((one) => one.email).join(', ')}`);
    return found.token;
  };

  const asUser = (token: () => Promise<string>): LocalKuFlow => ({
    as: (email) => asUser(() => tokenOf(email)),
    start: async (code, metadata) => {
      const process = await client.api<Process>('POST', '/processes', await token(), {
        processDefinitionCode: code,
        tenantId,
        ...(metadata !== undefined && { metadata: { value: metadata } }),
      });
      return processAs({ client, id: process.id, code, limit, tokenOf }, token);
    },
    fault: async (operationId, action, times = 1) => {
      await client.dev('POST', '/faults', { operationId, action, times });
    },
    skip: (duration) => skip(client, duration === undefined ? {} : { seconds: msToNumber(duration) / 1_000 }),
    close: async () => {
      await client.close();
      if (children.length === 0) return;
      Reflect.deleteProperty(process.env, STATE_FILE);
      await stopAll(children);
    },
  });
  return asUser(() => Promise.resolve(user.token));
}

interface SkipResult {
  readonly end: 'reached' | 'acted' | 'idle' | 'stuck' | 'time-limit' | 'canceled';
  readonly until?: string;
  readonly behind: readonly { readonly workflowId: string; readonly reason: string }[];
}

/** The local KuFlow answers after two minutes at the latest. */
async function skip(client: LocalClient, wanted: { readonly seconds?: number; readonly until?: string }): Promise<void> {
  const { end, until, behind } = await client.dev<SkipResult>('POST', '/clock/skip', wanted);
  if (end === 'time-limit') return skip(client, until === undefined ? {} : { until });
  if (end === 'reached' || end === 'acted') return;
  const problem = end === 'idle' ? 'no pending timer would change a process' : end;
  throw new Error([`Time was not skipped: ${problem}`, ...behind.map((one) => `${one.workflowId}: ${one.reason}`)].join('\n'));
}

interface ProcessAccess {
  readonly client: LocalClient;
  readonly id: string;
  readonly code: string;
  /** In milliseconds. */
  readonly limit: number;
  tokenOf(email: string): Promise<string>;
}

function processAs(access: ProcessAccess, token: () => Promise<string>): LocalProcess {
  const { client, id, code: processCode, limit } = access;

  /** Waits for a state of the process, or for an open task with this code. */
  const waitFor = async (wanted: { states: string[] } | { task: string }, within = limit): Promise<WaitResult> => {
    const body = { ...wanted, timeoutSeconds: within / 1_000 };
    const found = await client.dev<WaitResult>('POST', `/processes/${id}/wait`, body);
    if (!found.reached) throw new Error(found.problem);
    return found;
  };

  const items = async (): Promise<readonly ProcessItem[]> => {
    const { items: found } = await client.dev<WaitResult>('POST', `/processes/${id}/wait`, { timeoutSeconds: 0 });
    const reads = found.map(async (item) => client.api<ProcessItem>('GET', `/process-items/${item.id}`, await token()));
    return Promise.all(reads);
  };

  return {
    id,
    as: (email) => processAs(access, () => access.tokenOf(email)),
    task: (code) => ({
      complete: async (data) => {
        const found = await waitFor({ task: code });
        const task = found.items.find((item) => item.code === code && isOpenState(item.state));
        const act = async (method: 'POST' | 'PUT', path: string, body?: object): Promise<ProcessItem> =>
          client.api<ProcessItem>(method, `/process-items/${task?.id}/task/${path}`, await token(), body);
        if (task?.state === 'READY') await act('POST', '~actions/claim');
        const examples = `/definitions/${encodeURIComponent(processCode)}/examples`;
        const { value } =
          data === undefined
            ? await client.dev<{ readonly value: object }>('POST', examples, { task: code, processId: id })
            : { value: data };
        const saved = await act('PUT', 'data', { data: { value } });
        if (saved.task?.data?.valid === false)
          throw new Error(`The data of task ${code} is not valid: ${formatErrors(saved.task.data)}`);
        await act('POST', '~actions/complete');
      },
    }),
    act: async (code, input) => {
      const path = `/processes/${id}/actions`;
      let action = await client.api<ProcessAction>('POST', path, await token(), {
        processActionDefinitionCode: code,
        ...(typeof input === 'string' && { createProcessItemMessage: { text: input } }),
        ...(typeof input === 'object' && { sendWorkflowSignal: { input } }),
      });
      const deadline = Date.now() + limit;
      while (action.status === 'REQUESTED' && Date.now() < deadline) {
        await sleep(POLL_MS);
        action = await client.api<ProcessAction>('GET', `${path}/${action.id}`, await token());
      }
      if (action.status !== 'COMPLETED')
        throw new Error(`Action ${code} of process ${processCode} ${id} is not COMPLETED: it is ${action.status}`);
      return action;
    },
    signal: async (name, input) => {
      await client.dev('POST', `/processes/${id}/signals`, { name, ...(input !== undefined && { input }) });
    },
    items,
    logs: async () =>
      (await items()).flatMap(({ processItemDefinitionRef, task }) =>
        (task?.logs ?? []).map(({ level, message }) => ({ code: processItemDefinitionRef?.code ?? '', level, message })),
      ),
    wait: async (state = 'COMPLETED', options = {}) => {
      await waitFor({ states: [state] }, options.limit);
    },
  };
}

function formatErrors({ errors = [] }: JsonValue): string {
  return errors.map(({ propertyPath = '', type = '' }) => `${propertyPath} ${type}`.trim()).join(', ');
}
