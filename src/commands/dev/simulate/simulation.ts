import { open } from 'node:fs/promises';
import { systemClock } from '../../../base/clock.ts';
import { formatWithSeen } from '../../../kuflow/errors.ts';
import { canonicalJson, pointerStep, withoutUndefined, type JsonObject } from '../../../base/json.ts';
import { interruptedError, KnownError, messageOf, usageError } from '../../../base/errors.ts';
import { createKuFlowClient, type KuFlowClient } from '../../../kuflow/client.ts';
import { exampleMetadata } from '../../../platform/domain/examples.ts';
import { onlyServedCode, unservedCode } from '../../../platform/client/kuflow-session.ts';
import { withNamedReferences, withRealReferences } from '../../../platform/domain/references.ts';
import { readTimeline, readWorkers } from '../../../platform/rest/dev-client.ts';
import type { ProcessExit } from '../../../platform/supervisor/client.ts';
import { createProcessEngine, type TemporalEngine } from '../../../platform/temporal/workflows.ts';
import { relativeToFolder } from '../../../platform/temporal/failing-work.ts';
import { hasEnded, listWorkflowPollers, LONGEST_POLL_MS } from '../../../platform/temporal/pollers.ts';
import { requireWorkflow, type ProcessDefinition, type WorkerDefinition } from '../../../process/definition.ts';
import { sampleDefinition } from '../../../process/sample.ts';
import { CommandStartError, startDevCommand, type DevCommand } from '../../../platform/session/worker-command.ts';
import { ensurePlatform, rejectUnserved } from '../../../platform/session/attach.ts';
import {
  loadDefinitions,
  type DevPlatform,
  type DevPlatformRequest,
} from '../../../platform/session/start-dev-platform.ts';
import { checkAnswers, readAnswers, type SimulationAnswers } from './answers.ts';
import { driveProcess } from './complete-tasks.ts';
import { SimulationFailure } from './simulation-failure.ts';
import type { SimulateResult, SimulationView } from './view.ts';
import { workerEnvironment } from '../../../platform/session/worker-environment.ts';

interface SimulateRequest extends DevPlatformRequest {
  /** Process definition code; may be omitted if only one is served. */
  readonly code?: string | undefined;
  readonly command: readonly [string, ...string[]];
  /** YAML or JSON file, relative to `cwd`: `{ metadata?, tasks: { <code>: object or list of objects } }`. */
  readonly answersFile?: string | undefined;
  /** Milliseconds for the command to start polling, and again for the process to complete. */
  readonly timeoutMs: number;
  readonly output: 'stderr' | { readonly file: string };
  readonly view: SimulationView;
}

const POLL_MS = 100;
/** Avoids conflicts with other workers on this machine: any free port for health, no metrics port. */
const WORKER_PORTS = { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' };

/** How long a workflow may take to react to the request to cancel it. After that, it is terminated. */
const CANCEL_WITHIN_MS = 2_000;

type FinalState = Pick<SimulateResult, 'timeline'> & { readonly processState: string };
type Outcome = Pick<SimulateResult, 'status' | 'problem' | 'item' | 'next'>;

/**
 * Runs a worker command and one process, and completes every human task as a user. Rejects with KnownError if the platform does not start or
 * the request is invalid; whatever happens to the process is part of the result.
 */
export async function simulate(request: SimulateRequest): Promise<SimulateResult> {
  const answers = await readAnswers(request.cwd, request.answersFile);
  await checkWorkerLog(request.output);
  // Before the platform starts, which takes seconds.
  const definitions = (await loadDefinitions(request)) ?? [sampleDefinition()];
  const definition = selectDefinition(request.code, definitions);
  checkAnswers(answers, definition);
  const platform = await ensurePlatform({ ...request, definitions });
  try {
    const { state, owned } = platform;
    if (!owned) {
      request.view.attached(state);
      rejectUnserved(state, definition);
    }
    return await withUser(platform, request.signal, (user) =>
      runOnPlatform(request, platform, definition, user, answers),
    );
  } finally {
    if (platform.owned) request.view.stopping('platform');
    await platform.stop();
    if (platform.owned) request.view.stopped('platform');
  }
}

async function checkWorkerLog(output: SimulateRequest['output']): Promise<void> {
  if (output === 'stderr') return;
  try {
    await (await open(output.file, 'a', 0o600)).close();
  } catch (error) {
    throw usageError(`Cannot write the worker log to ${output.file}: ${messageOf(error)}`, [
      'Set --worker-log to a writable file in an existing folder',
    ]);
  }
}

function selectDefinition(requested: string | undefined, definitions: readonly ProcessDefinition[]): WorkerDefinition {
  const codes = definitions.map((definition) => definition.process.code);
  const code = requested ?? onlyServedCode(codes);
  const definition = definitions.find(({ process }) => process.code === code);
  if (definition === undefined) throw unservedCode(code, codes);
  return requireWorkflow(definition);
}

async function runOnPlatform(
  request: SimulateRequest,
  platform: DevPlatform,
  definition: WorkerDefinition,
  user: KuFlowClient,
  answers: SimulationAnswers,
): Promise<SimulateResult> {
  const { code } = definition.process;
  const { taskQueue } = definition.workflow;
  const others = await listRunningWorkers(platform, taskQueue);
  if (others.length > 0) request.view.otherWorkers(taskQueue, others);
  const since = Date.now();
  const command = await startCommand(request, platform);
  request.view.commandStarted(taskQueue);
  const state: { exit?: ProcessExit } = {};
  void command.exited.then((exit) => (state.exit = exit));
  const started: { processId?: string; engine?: TemporalEngine } = {};
  const throwIfEnded = (): void => {
    if (request.signal.aborted) throw interruptedError();
    if (state.exit !== undefined)
      throw commandExitedFailure(
        request,
        state.exit,
        started.engine !== undefined ? 'the process completed' : `it polled ${taskQueue}`,
      );
  };
  const resolveReferences = answers.metadata === undefined ? withRealReferences : withNamedReferences;
  const givenMetadata = answers.metadata ?? exampleMetadata(definition.metadata);
  let end: Outcome | undefined;
  let final: FinalState | undefined;
  try {
    await waitForPollers(request, platform, taskQueue, since, throwIfEnded);
    request.view.commandPolls(taskQueue);
    const { endpoints, namespace } = platform.state;
    const engine = await createProcessEngine({ address: endpoints.temporal, namespace });
    started.engine = engine;
    const resources = { client: user, caller: platform.state.user };
    const metadata = givenMetadata === undefined ? undefined : await resolveReferences(givenMetadata, resources);
    const process = await user.createProcess({
      processDefinitionCode: code,
      tenantId: platform.state.tenantId,
      ...(metadata === undefined ? {} : { metadata: { value: { ...metadata } } }),
    });
    started.processId = process.id;
    request.view.processStarted(code, process.id);
    if (metadata !== undefined) {
      const complete = await resolveReferences(metadata, { ...resources, processId: process.id });
      await replaceChanged(user, process.id, metadata, complete);
    }
    await driveProcess({
      user,
      state: platform.state,
      definition,
      processId: process.id,
      answers,
      metadata,
      throwIfEnded,
      timeoutMs: request.timeoutMs,
      signal: request.signal,
      cwd: request.cwd,
      stateDir: request.stateDir,
      onCompleted: request.view.taskCompleted,
      listFailingWork: async () =>
        (await engine.listFailingWork(process.id)).map((work) => relativeToFolder(work, request.cwd)),
      hasOtherWorkers: others.length > 0,
      workerLog: describeWorkerLog(request),
    });
    end = { status: 0 };
  } catch (error) {
    end = toOutcome(error, request.signal);
    if (end === undefined) throw error;
  } finally {
    const { processId, engine } = started;
    request.view.ended(end?.status ?? 1);
    try {
      if (processId !== undefined) final = await readFinalState(platform, processId);
      if (processId !== undefined && engine !== undefined && final?.processState === 'RUNNING') {
        request.view.stopping('process');
        // A worker that has ended or was interrupted does not react to a request to cancel.
        const reacts = state.exit === undefined && !request.signal.aborted;
        await cancelProcess(platform, processId, engine, reacts ? CANCEL_WITHIN_MS : 0);
        request.view.stopped('process');
      }
    } finally {
      await engine?.close();
      if (state.exit === undefined) {
        request.view.stopping('worker');
        await command.drain(request.signal.aborted ? 'SIGINT' : 'SIGTERM');
        request.view.stopped('worker');
      }
    }
  }
  const { processId } = started;
  if (processId === undefined || final === undefined) return { code, ...end, timeline: [] };
  return { code, processId, ...end, ...final };
}

/** Documents belong to a process, so the metadata can refer to them only after it has started. */
async function replaceChanged(
  user: KuFlowClient,
  processId: string,
  before: JsonObject,
  now: JsonObject,
): Promise<void> {
  const patch = Object.entries(now)
    .filter(([name, value]) => canonicalJson(value) !== canonicalJson(before[name]))
    .map(([name, value]) => ({
      op: 'replace' as const,
      path: pointerStep(name),
      value,
    }));
  if (patch.length > 0) await user.patchProcessMetadata(processId, patch);
}

/** The outcome for an expected error; undefined for a defect. */
function toOutcome(error: unknown, signal: AbortSignal): Outcome | undefined {
  if (signal.aborted) return { status: 130, problem: 'Interrupted', next: [] };
  if (!(error instanceof KnownError)) return undefined;
  const failure = error instanceof SimulationFailure ? error : undefined;
  const { status = 1, item } = failure ?? {};
  return withoutUndefined({ status, problem: formatWithSeen(error), item, next: error.next });
}

function commandExitedFailure(request: SimulateRequest, exit: ProcessExit, before: string): SimulationFailure {
  const how = exit.signal ?? `status ${exit.code ?? 'unknown'}`;
  return new SimulationFailure({
    message: `The command "${request.command.join(' ')}" exited with ${how} before ${before}`,
    next: [
      exit.code === 0
        ? 'Check that the command starts the worker and keeps running until you stop it'
        : `See ${describeWorkerLog(request)}`,
    ],
  });
}

async function startCommand(request: SimulateRequest, platform: DevPlatform): Promise<DevCommand> {
  try {
    return await startDevCommand({
      command: request.command,
      cwd: request.cwd,
      env: { ...WORKER_PORTS, ...(await workerEnvironment(platform.state, request)) },
      output: request.output,
    });
  } catch (error) {
    throw error instanceof CommandStartError ? usageError(error.message, error.next) : error;
  }
}

async function waitForPollers(
  request: SimulateRequest,
  platform: DevPlatform,
  taskQueue: string,
  since: number,
  throwIfEnded: () => void,
): Promise<void> {
  const { endpoints, namespace } = platform.state;
  const deadline = Date.now() + request.timeoutMs;
  for (;;) {
    throwIfEnded();
    const polling = await listWorkflowPollers(endpoints.temporal, { namespace, taskQueue, since });
    if (polling.length > 0) return;
    if (Date.now() > deadline) throw await noPollersFailure(request, platform, taskQueue, since);
    await systemClock.sleep(POLL_MS, request.signal).catch(() => undefined);
  }
}

async function noPollersFailure(
  request: SimulateRequest,
  platform: DevPlatform,
  taskQueue: string,
  since: number,
): Promise<SimulationFailure> {
  const workers = await readWorkers(platform.state);
  const others = new Set(
    workers
      .filter((worker) => Date.parse(worker.lastModifiedAt ?? '') >= since && worker.taskQueue !== taskQueue)
      .map((worker) => worker.taskQueue),
  );
  const instead = others.size === 0 ? '' : `; a worker registered for ${[...others].join(', ')} instead`;
  return new SimulationFailure({
    message: `No worker polled the task queue ${taskQueue} within ${request.timeoutMs / 1000} s${instead}`,
    next: [
      others.size === 0
        ? "Check the worker's output, or raise --timeout"
        : 'Use the same task queue in temporal.kuflow-queue of the worker (TEMPORAL_KUFLOWQUEUE) and in workflow.task-queue of the process definition',
    ],
    status: 4,
  });
}

async function listRunningWorkers(platform: DevPlatform, taskQueue: string): Promise<readonly string[]> {
  const { endpoints, namespace } = platform.state;
  const query = { namespace, taskQueue, since: Date.now() - LONGEST_POLL_MS };
  return (await listWorkflowPollers(endpoints.temporal, query)).filter((identity) => !hasEnded(identity));
}

const describeWorkerLog = ({ output }: SimulateRequest): string =>
  output === 'stderr' ? "the worker's output above" : `the worker's output in ${output.file}`;

/** Runs `work` as the first user of the local KuFlow. */
async function withUser<T>(
  { state: { loopback, user, tenantId } }: DevPlatform,
  signal: AbortSignal | undefined,
  work: (client: KuFlowClient) => Promise<T>,
): Promise<T> {
  const client = createKuFlowClient({ endpoint: loopback.http, credentials: { token: user.token }, tenantId, signal });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

// These two use no signal, because that of the request may already be aborted.

const readFinalState = (platform: DevPlatform, processId: string): Promise<FinalState> =>
  withUser(platform, undefined, async (client) => {
    const { state } = await client.retrieveProcess(processId);
    return { processState: state, timeline: await readTimeline(platform.state, processId) };
  });

/** Ends a process that did not complete, so that the next worker on its task queue does not continue it. */
async function cancelProcess(
  platform: DevPlatform,
  processId: string,
  engine: TemporalEngine,
  terminateAfterMs: number,
): Promise<void> {
  await withUser(platform, undefined, (client) => client.cancelProcess(processId));
  // The platform cancels the workflow too, but it may stop before the workflow has ended.
  await engine.cancelWorkflow({
    workflowId: processId,
    reason: 'The simulation ended before the process completed',
    terminateAfterMs,
    signal: new AbortController().signal,
    requested: () => undefined,
  });
}
