import { systemClock } from '../base/clock.ts';
import { interrupted, messageOf, usageError, type ExitStatus } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import { readTimeline, type TimelineEntry } from '../platform/rest/timeline-client.ts';
import type { ProcessExit } from '../platform/supervisor/client.ts';
import { workflowPollers } from '../platform/temporal/pollers.ts';
import type { ProcessDefinition } from '../process/definition.ts';
import { startDevCommand, statusOfFailedStart, type DevCommand } from './dev-command.ts';
import { attachOrStart, environmentOf, type DevPlatform, type DevPlatformRequest } from './dev-platform.ts';
import { answerFor, openAnswers, readAnswers, type Answers } from './simulate-answers.ts';

export interface SimulateRequest extends DevPlatformRequest {
  /** Process definition code; the only one served when absent. */
  readonly code?: string;
  readonly command: readonly [string, ...string[]];
  /** YAML or JSON file, relative to `cwd`: `{ metadata?, tasks: { CODE: data or list of data } }`. */
  readonly answersFile?: string;
  /** Milliseconds from the start of the process to its end. */
  readonly timeoutMs: number;
  readonly output: 'stderr' | { readonly file: string };
  readonly onStep: (step: SimulateStep) => void;
}

export type SimulateStep =
  | { readonly kind: 'platform-ready'; readonly address: string }
  | { readonly kind: 'command-started'; readonly pid: number }
  | { readonly kind: 'command-polls'; readonly taskQueue: string }
  | { readonly kind: 'process-started'; readonly code: string; readonly processId: string }
  | { readonly kind: 'task-completed'; readonly code: string; readonly processItemId: string }
  | { readonly kind: 'draining' };

export interface SimulateResult {
  /** 0 the process is COMPLETED with valid data · 1 it is stuck, or the command ended early · 4 time-out · 130 interrupted. */
  readonly status: ExitStatus;
  readonly code: string;
  readonly processId?: string;
  readonly processState?: string;
  readonly problem?: string;
  readonly timeline: readonly TimelineEntry[];
}

const POLL_MS = 100;
const POLLER_WITHIN_MS = 120_000;

/** How a simulation ends other than well. */
class Stuck extends Error {
  readonly status: ExitStatus;
  constructor(status: ExitStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Runs a worker command on the platform and one process through it, as a user who answers every human task. Rejects with KnownError
 * when the platform does not start or the request is wrong; what happens to the process is a result.
 */
export async function simulate(request: SimulateRequest): Promise<SimulateResult> {
  const answers = await readAnswers(request.cwd, request.answersFile);
  const platform = await attachOrStart(request);
  request.onStep({ kind: 'platform-ready', address: platform.state.endpoints.https });
  const user = createKuFlowClient({
    endpoint: platform.state.loopback.http,
    credentials: { token: platform.state.user.token },
    tenantId: platform.state.tenantId,
    signal: request.signal,
  });
  try {
    return await run(request, platform, chosenDefinition(request, platform), user, answers);
  } finally {
    await user.close();
    await platform.stop();
  }
}

function chosenDefinition(request: SimulateRequest, platform: DevPlatform): ProcessDefinition {
  const { definitions } = platform;
  const codes = definitions.map((definition) => definition.process.code);
  const [only] = definitions;
  const found =
    request.code === undefined && definitions.length === 1
      ? only
      : definitions.find((definition) => definition.process.code === request.code);
  if (found === undefined) {
    throw usageError(
      request.code === undefined
        ? 'Several processes are served: say which'
        : `No process ${request.code} is served here`,
      [`Known: ${codes.join(', ')}`],
    );
  }
  return found;
}

async function run(
  request: SimulateRequest,
  platform: DevPlatform,
  definition: ProcessDefinition,
  user: KuFlowClient,
  answers: Answers,
): Promise<SimulateResult> {
  const { code } = definition.process;
  const command = await started(request, platform);
  request.onStep({ kind: 'command-started', pid: command.pid });
  const state: { exit?: ProcessExit } = {};
  void command.exited.then((exit) => (state.exit = exit));
  const goesOn = (): void => {
    if (request.signal.aborted) throw interrupted();
    if (state.exit !== undefined)
      throw new Stuck(
        1,
        `The command ended (${state.exit.signal ?? `status ${state.exit.code ?? 'unknown'}`}) before the process did`,
      );
  };
  const known: { processId?: string } = {};
  let end: { readonly status: ExitStatus; readonly problem?: string };
  try {
    await untilPolling(request, platform, definition.workflow.taskQueue, goesOn);
    request.onStep({ kind: 'command-polls', taskQueue: definition.workflow.taskQueue });
    const { resource: process } = await user.createProcess({
      processDefinitionCode: code,
      tenantId: platform.state.tenantId,
      ...(answers.metadata === undefined ? {} : { metadata: { value: { ...answers.metadata } } }),
    });
    known.processId = process.id;
    request.onStep({ kind: 'process-started', code, processId: process.id });
    await throughToItsEnd(request, platform, definition, user, process.id, answers, goesOn);
    end = { status: 0 };
  } catch (error) {
    if (error instanceof Stuck) end = { status: error.status, problem: error.message };
    else if (request.signal.aborted) end = { status: 130, problem: 'Interrupted' };
    else throw error;
  } finally {
    request.onStep({ kind: 'draining' });
    if (state.exit === undefined) await command.drain(request.signal.aborted ? 'SIGINT' : 'SIGTERM');
  }
  const { processId } = known;
  if (processId === undefined) return { ...end, code, timeline: [] };
  const { timeline, processState } = await lastLook(platform, processId);
  return { ...end, code, processId, processState, timeline };
}

async function started(request: SimulateRequest, platform: DevPlatform): Promise<DevCommand> {
  try {
    return await startDevCommand({
      command: request.command,
      cwd: request.cwd,
      env: environmentOf(platform.state, request.env),
      output: request.output,
    });
  } catch (error) {
    const status = statusOfFailedStart(error);
    if (status === undefined) throw error;
    throw usageError(
      status === 127
        ? `The command ${request.command[0]} was not found`
        : `The command ${request.command[0]} can't be run: ${messageOf(error)}`,
    );
  }
}

async function untilPolling(
  request: SimulateRequest,
  platform: DevPlatform,
  taskQueue: string,
  goesOn: () => void,
): Promise<void> {
  const { endpoints, namespace } = platform.state;
  const deadline = Date.now() + Math.max(POLLER_WITHIN_MS, request.timeoutMs);
  for (;;) {
    goesOn();
    if ((await workflowPollers({ address: endpoints.temporal, namespace, taskQueue })) > 0) return;
    if (Date.now() > deadline)
      throw new Stuck(4, `Nobody polls the task queue ${taskQueue}: does the worker use another queue?`);
    await pause(request.signal);
  }
}

async function throughToItsEnd(
  request: SimulateRequest,
  platform: DevPlatform,
  definition: ProcessDefinition,
  user: KuFlowClient,
  processId: string,
  answers: Answers,
  goesOn: () => void,
): Promise<void> {
  const given = openAnswers(answers);
  const access = { http: platform.state.loopback.http, token: platform.state.user.token };
  const deadline = Date.now() + request.timeoutMs;
  for (;;) {
    const { state } = await user.retrieveProcess(processId);
    if (state === 'COMPLETED') break;
    if (state === 'CANCELLED') throw new Stuck(1, 'The process was cancelled');
    const failure = (await readTimeline(access, processId)).find((entry) =>
      /^workflow-(failed|timed-out|canceled|terminated)$/.test(entry.kind),
    );
    if (failure !== undefined)
      throw new Stuck(1, `The ${failure.kind.replace('-', ' ')}: ${failure.detail ?? 'no reason given'}`);
    const open = (
      await user.findProcessItems({ processId: [processId], type: ['TASK'], taskState: ['READY', 'CLAIMED'] })
    ).content;
    const mine = open.filter(
      (item) =>
        definition.tasks.find((task) => task.code === item.processItemDefinitionRef?.code)?.kind === 'human' &&
        (item.ownerId === undefined || item.ownerId === platform.state.user.principalId),
    );
    for (const item of mine) {
      const code = item.processItemDefinitionRef?.code ?? '';
      await answerTask(user, definition, { id: item.id, code, claimed: item.ownerId !== undefined }, given(code));
      request.onStep({ kind: 'task-completed', code, processItemId: item.id });
    }
    goesOn();
    if (Date.now() > deadline) {
      const waits = open.map(
        (item) => `${item.processItemDefinitionRef?.code ?? 'a task'} ${item.id} is ${item.task?.state ?? 'open'}`,
      );
      throw new Stuck(
        4,
        `Not at its end within ${request.timeoutMs / 1000} s: ${waits.join('; ') || 'no task is open, the workflow waits for something else'}`,
      );
    }
    if (mine.length === 0) await pause(request.signal);
  }
  await checkData(user, processId);
}

async function answerTask(
  user: KuFlowClient,
  definition: ProcessDefinition,
  item: { readonly id: string; readonly code: string; readonly claimed: boolean },
  given: JsonObject | undefined,
): Promise<void> {
  const task = definition.tasks.find((one) => one.code === item.code);
  const value = given ?? answerFor(task?.data?.schema);
  if (!item.claimed) await user.claimProcessItemTask(item.id);
  const saved = await user.updateProcessItemTaskData(item.id, value);
  const { valid, errors } = saved.task?.data ?? {};
  if (valid === false) {
    const where = (errors ?? []).map((error) => `${error.propertyPath ?? ''} ${error.type ?? ''}`.trim()).join('; ');
    throw new Stuck(1, `No valid data for task ${item.code} (${item.id}): ${where}. Give some with --answers FILE`);
  }
  await user.completeProcessItemTask(item.id);
}

async function checkData(user: KuFlowClient, processId: string): Promise<void> {
  for await (const listed of user.items('findProcessItems', { processId: [processId], type: ['TASK'] })) {
    if (listed.task?.state !== 'COMPLETED') continue;
    const item = await user.retrieveProcessItem(listed.id);
    if (item.task?.data?.valid === false)
      throw new Stuck(
        1,
        `Task ${item.processItemDefinitionRef?.code ?? ''} (${item.id}) was completed with data that its schema refuses`,
      );
  }
}

// With a client of its own: the request's signal may be what ended the run.
async function lastLook(
  platform: DevPlatform,
  processId: string,
): Promise<{ readonly timeline: readonly TimelineEntry[]; readonly processState: string }> {
  const { loopback, user } = platform.state;
  const client = createKuFlowClient({ endpoint: loopback.http, credentials: { token: user.token } });
  try {
    const { state } = await client.retrieveProcess(processId);
    return { timeline: await readTimeline({ http: loopback.http, token: user.token }, processId), processState: state };
  } finally {
    await client.close();
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await systemClock.sleep(POLL_MS, signal).catch(() => undefined);
}
