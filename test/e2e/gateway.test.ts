import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client, Connection } from '@temporalio/client';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway } from '../../src/platform/gateway/gateway.ts';
import type { Gateway } from '../../src/platform/gateway/gateway.ts';
import { openAuthority } from '../../src/platform/pki/authority.ts';
import { openEngineTokens } from '../../src/platform/pki/tokens.ts';
import { holdPort } from '../../src/platform/shared/ports.ts';
import type { WorkflowOutcome } from '../../src/platform/temporal/outcome.ts';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { createProcessEngine } from '../../src/platform/temporal/workflows.ts';
import type { TemporalEngine } from '../../src/platform/temporal/workflows.ts';
import { findTemporal } from '../../src/platform/temporal/find.ts';
import { toSocketTarget, type TemporalNetwork } from '../../src/platform/temporal/private-network.ts';
import { startTemporal } from '../../src/platform/temporal/server.ts';
import type { TemporalServer } from '../../src/platform/temporal/server.ts';
import { startUiGuard, type UiGuard } from '../../src/platform/temporal/ui-guard.ts';
import { watchProcesses } from '../../src/platform/temporal/closed-workflows.ts';
import type { ProcessWatcher } from '../../src/platform/temporal/closed-workflows.ts';
import { supervisorEntry } from '../support/supervisor-entry.ts';

const NAMESPACE = 'tenant-gateway';
const QUEUE = 'GATEWAY_QUEUE';
/** Milliseconds. Longer than the tests run. */
const NEVER = 2 ** 31 - 1;
/** A value of `EventType`. */
const WORKFLOW_TASK_TIMED_OUT = 8;

let stateDir = '';
let path = '';
let temporal: TemporalServer;
let gateway: Gateway;
let engine: TemporalEngine;
let watcher: ProcessWatcher;
/** Knows only from the gateway that a workflow has closed. */
let pokedWatcher: ProcessWatcher;
let guard: UiGuard;
/** A worker's connection through the gateway, with certificate and token. */
let worker: Connection;
const unhurried = { signal: new AbortController().signal, requested: () => undefined };
const closed = new Map<string, WorkflowOutcome>();
const closedByPoke = new Map<string, WorkflowOutcome>();
const problems: unknown[] = [];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function startServer(network?: TemporalNetwork): Promise<TemporalServer> {
  return startTemporal({
    path,
    stateDir,
    namespace: NAMESPACE,
    ui: true,
    supervisorEntry: await supervisorEntry(),
    network,
  });
}

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'kuflow-engine-'));
  ({ path } = await findTemporal({ env: process.env }));
  temporal = await startServer();
  const readKey = (): never => expect.fail('No payload is encrypted');
  guard = await startUiGuard({
    port: await holdPort(undefined, 0),
    hostNames: [],
    upstream: () => temporal.uiAddress,
    readKey,
  });
  const folder = join(stateDir, 'pki');
  const authority = await openAuthority({ folder });
  const tokens = await openEngineTokens({ folder, graceSeconds: 0 });
  engine = await createProcessEngine({ address: temporal.address, namespace: NAMESPACE });
  watcher = watchProcesses({
    engine,
    onClosed: (id, outcome) => void closed.set(id, outcome),
    onError: (error) => problems.push(error),
  });
  pokedWatcher = watchProcesses({
    engine,
    onClosed: (id, outcome) => void closedByPoke.set(id, outcome),
    sweepEvery: NEVER,
    checkAllEvery: NEVER,
  });
  gateway = await startGateway({
    port: await holdPort(undefined, 0),
    server: await authority.issueServerCertificate(),
    clientAuthority: authority.certificate,
    upstream: toSocketTarget(temporal.address),
    verifyToken: tokens.verifyToken,
    onWorkflowEnded: (workflowId) => {
      for (const one of [watcher, pokedWatcher]) one.poke(workflowId);
    },
  });
  const client = await authority.issueClientCertificate({
    principalId: 'app',
    namespace: NAMESPACE,
    lifeSeconds: 3600,
  });
  const { token } = await tokens.issueToken({
    principalId: 'app',
    tenantId: 't',
    namespace: NAMESPACE,
    lifeSeconds: 3600,
  });
  worker = await Connection.connect({
    address: `localhost:${gateway.port}`,
    tls: {
      serverRootCACertificate: Buffer.from(authority.certificate),
      clientCertPair: { crt: Buffer.from(client.certificate), key: Buffer.from(client.privateKey.reveal()) },
    },
    // As cores of older SDKs do, without the header temporal-namespace.
    metadata: { authorization: `Bearer ${token.reveal()}` },
  });
});

afterAll(async () => {
  await worker.close();
  for (const one of [watcher, pokedWatcher]) await one.stop();
  await engine.close();
  await gateway.close();
  await guard.close();
  await temporal.stop();
  await rm(stateDir, { recursive: true, force: true });
});

const start = async (workflowId: string): Promise<void> => {
  await engine.startWorkflow({
    workflowId,
    workflowType: 'LoanWorkflow',
    taskQueue: QUEUE,
    input: { processId: workflowId },
  });
  watcher.track(workflowId);
};

// The enums are in @temporalio/proto, which is not a dependency of this package.
type Command = NonNullable<
  Parameters<Connection['workflowService']['respondWorkflowTaskCompleted']>[0]['commands']
>[number];
const COMPLETE: Command = {
  commandType: 4,
  completeWorkflowExecutionCommandAttributes: {
    result: {
      payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"message":"done"}') }],
    },
  },
};

/** Polls and answers one workflow task through the gateway, like a worker. Resolves to its workflow ID. */
async function work(command: Command | undefined, queue = QUEUE): Promise<string> {
  const task = await worker.withDeadline(Date.now() + 120_000, () =>
    worker.workflowService.pollWorkflowTaskQueue({
      namespace: NAMESPACE,
      taskQueue: { name: queue },
      identity: 'test',
    }),
  );
  expect(task.taskToken.length).toBeGreaterThan(0);
  await worker.workflowService.respondWorkflowTaskCompleted({
    namespace: NAMESPACE,
    taskToken: task.taskToken,
    identity: 'test',
    commands: command === undefined ? [] : [command],
  });
  return task.workflowExecution?.workflowId ?? '';
}

const outcomeOf = (id: string, outcomes = closed): Promise<WorkflowOutcome> =>
  vi.waitFor(() => outcomes.get(id) ?? Promise.reject(new Error(`${id} is not closed`)), {
    timeout: 60_000,
    interval: 5,
  });

describe('the engine behind the gateway', () => {
  it('has no failing work for a workflow that has not started yet', async () => {
    expect(await engine.listFailingWork('p-not-started')).toEqual([]);
  });

  it('runs a workflow to completion, which the watcher reports without a sweep', async () => {
    await start('p-complete');
    pokedWatcher.track('p-complete');
    // Starting a workflow twice and signaling an unknown one succeed, because both may be repeated after a crash.
    await engine.startWorkflow({ workflowId: 'p-complete', workflowType: 'LoanWorkflow', taskQueue: QUEUE, input: {} });
    await engine.signalWorkflow({ workflowId: 'nobody', signalName: 's', payload: {} });
    await engine.cancelWorkflow({ workflowId: 'nobody', reason: 'r', terminateAfterMs: 10, ...unhurried });
    expect(await work(COMPLETE)).toBe('p-complete');
    for (const outcomes of [closed, closedByPoke])
      expect(await outcomeOf('p-complete', outcomes)).toEqual({ kind: 'completed', result: { message: 'done' } });
    // A closed workflow is never restarted under the same id.
    await engine.startWorkflow({ workflowId: 'p-complete', workflowType: 'LoanWorkflow', taskQueue: QUEUE, input: {} });
    expect(await engine.getOutcome('p-complete')).toMatchObject({ kind: 'completed' });

    const history = JSON.parse(await engine.fetchHistory('p-complete')) as { events: { eventType: string }[] };
    expect(history.events[0]?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
    expect(historyFromJSON(history).events).toHaveLength(history.events.length);
    await expect(engine.fetchHistory('nobody')).rejects.toMatchObject({
      message: 'No process or workflow has the ID nobody',
    });
  });

  it('follows a workflow that continues as new, and reports a failure with its causes', async () => {
    await start('p-chain');
    await work({
      commandType: 10,
      continueAsNewWorkflowExecutionCommandAttributes: {
        workflowType: { name: 'LoanWorkflow' },
        taskQueue: { name: QUEUE },
      },
    });
    expect(await engine.getOutcome('p-chain')).toBeUndefined();
    await work({
      commandType: 5,
      failWorkflowExecutionCommandAttributes: {
        failure: { message: 'Activity task failed', cause: { message: '403 Forbidden' } },
      },
    });
    expect(await outcomeOf('p-chain')).toEqual({ kind: 'failed', message: 'Activity task failed: 403 Forbidden' });
  });

  it('cancels a workflow that accepts the request, and terminates one that ignores it', async () => {
    await start('p-cancel');
    await work(undefined);
    const canceling = engine.cancelWorkflow({
      workflowId: 'p-cancel',
      reason: 'by the user',
      terminateAfterMs: 120_000,
      ...unhurried,
    });
    await work({ commandType: 7, cancelWorkflowExecutionCommandAttributes: {} });
    await canceling;
    expect(await outcomeOf('p-cancel')).toMatchObject({ kind: 'canceled' });

    await start('p-deaf');
    await work(undefined);
    // The timeout must survive garbage collection.
    const collecting = setInterval(collectGarbage, 20);
    await engine
      .cancelWorkflow({ workflowId: 'p-deaf', reason: 'by the user', terminateAfterMs: 200, ...unhurried })
      .finally(() => clearInterval(collecting));
    // A termination does not poke the watcher. Its periodic sweep finds it.
    expect(await outcomeOf('p-deaf')).toEqual({ kind: 'terminated', message: 'by the user' });
  });

  it('does not terminate a workflow if the wait for its cancellation is aborted', async () => {
    await start('p-left');
    await work(undefined);
    const stopping = new AbortController();
    const canceling = engine.cancelWorkflow({
      workflowId: 'p-left',
      reason: 'by the user',
      terminateAfterMs: 60_000,
      signal: stopping.signal,
      requested: () => stopping.abort(new Error('enough')),
    });
    await expect(canceling).rejects.toThrow('enough');
    expect(await engine.getOutcome('p-left')).toBeUndefined();
    await work({ commandType: 7, cancelWorkflowExecutionCommandAttributes: {} });
    expect(await outcomeOf('p-left')).toMatchObject({ kind: 'canceled' });
  });

  it('allows a worker only the calls that workers need', async () => {
    const client = new Client({ connection: worker, namespace: NAMESPACE });
    await expect(client.workflow.start('LoanWorkflow', { workflowId: 'x', taskQueue: QUEUE })).rejects.toMatchObject({
      cause: { code: 7, details: expect.stringContaining('StartWorkflowExecution is not allowed') as string },
    });
    const described = await worker.workflowService.describeNamespace({ namespace: NAMESPACE });
    expect(described.namespaceInfo?.name).toBe(NAMESPACE);
    await worker.workflowService.describeTaskQueue({ namespace: NAMESPACE, taskQueue: { name: QUEUE } });
  });

  it('keeps a worker in its namespace, also by ID and in the commands of its workflows', async () => {
    const describe = { namespace: 'default' };
    await expect(worker.workflowService.describeNamespace(describe)).rejects.toMatchObject({ code: 7 });
    const direct = await PlatformConnection.connect({ address: temporal.address });
    const { namespaceInfo } = await direct.workflowService.describeNamespace(describe);
    await direct.close();
    await expect(worker.workflowService.describeNamespace({ id: namespaceInfo?.id ?? '' })).rejects.toMatchObject({
      code: 7,
      details: 'The message of DescribeNamespace does not name a namespace',
    });

    const namespace = 'default';
    const foreign: readonly Command[] = [
      {
        commandType: 11,
        startChildWorkflowExecutionCommandAttributes: {
          ...{ namespace, workflowId: 'child' },
          ...{ workflowType: { name: 'LoanWorkflow' }, taskQueue: { name: QUEUE } },
        },
      },
      {
        commandType: 12,
        signalExternalWorkflowExecutionCommandAttributes: {
          ...{ namespace, execution: { workflowId: 'other' }, signalName: 'signal' },
        },
      },
      { commandType: 8, requestCancelExternalWorkflowExecutionCommandAttributes: { namespace, workflowId: 'other' } },
    ];
    for (const [index, command] of foreign.entries()) {
      const queue = `FOREIGN_${index}`;
      const input = { workflowId: queue, workflowType: 'LoanWorkflow', taskQueue: queue, input: {} };
      await engine.startWorkflow(input);
      await expect(work(command, queue)).rejects.toMatchObject({
        details: expect.stringContaining('cross namespace commands are not allowed') as string,
      });
    }
  });

  it('does not lose the next task to an abandoned poll', async () => {
    const queue = 'ABANDONED_QUEUE';
    const abandoned = new AbortController();
    const poll = worker.withAbortSignal(abandoned.signal, () =>
      worker.withDeadline(Date.now() + 60_000, () =>
        worker.workflowService.pollWorkflowTaskQueue({
          namespace: NAMESPACE,
          taskQueue: { name: queue },
          identity: 'gone',
        }),
      ),
    );
    const polled = poll.then(
      () => 'answered',
      () => 'given up',
    );
    const describeQueue = () =>
      worker.workflowService.describeTaskQueue({
        namespace: NAMESPACE,
        taskQueue: { name: queue },
        taskQueueType: 1,
      });
    await vi.waitFor(
      async () => {
        const { pollers } = await describeQueue();
        expect(pollers.map((poller) => poller.identity)).toContain('gone');
      },
      { timeout: 60_000 },
    );
    abandoned.abort();
    expect(await polled).toBe('given up');
    // Another call on the same connections: the server has read the cancellation before it answers.
    await describeQueue();
    await engine.startWorkflow({ workflowId: 'p-abandoned', workflowType: 'W', taskQueue: queue, input: null });
    expect(await work(COMPLETE, queue)).toBe('p-abandoned');
    // If the server had given the task to the call that was given up, it would have waited for its answer.
    const { history } = await worker.workflowService.getWorkflowExecutionHistory({
      namespace: NAMESPACE,
      execution: { workflowId: 'p-abandoned' },
    });
    expect(history?.events?.map(({ eventType }) => eventType)).not.toContain(WORKFLOW_TASK_TIMED_OUT);
  });

  it('recovers at the same address with all data, and with its UI, after the server is killed', async () => {
    const showsNamespace = async (): Promise<boolean> =>
      (await (await fetch(`http://127.0.0.1:${guard.port}/api/v1/namespaces`)).text()).includes(NAMESPACE);
    await vi.waitFor(async () => expect(await showsNamespace()).toBe(true), { timeout: 60_000 });
    const settings = await (await fetch(`http://127.0.0.1:${guard.port}/api/v1/settings`)).text();
    expect(settings).toContain('"DisableNewsFetch":true');
    expect(settings).toContain('"Endpoint":"/codec"');
    await start('p-crash');
    process.kill(temporal.pid, 'SIGKILL');
    expect(await temporal.exited).toMatchObject({ signal: 'SIGKILL' });
    temporal = await startServer(temporal.network);
    expect(await vi.waitFor(() => work(COMPLETE), { timeout: 60_000 })).toBe('p-crash');
    expect(await outcomeOf('p-crash')).toMatchObject({ kind: 'completed' });
    await vi.waitFor(async () => expect(await showsNamespace()).toBe(true), { timeout: 60_000 });
    // The log of the previous run is kept.
    expect(await readFile(`${temporal.logFile}.1`, 'utf8')).toEqual(expect.any(String));
  });

  it('reports why a server did not start', async () => {
    const entry = await supervisorEntry();
    const error: unknown = await startTemporal({
      path,
      stateDir: join(stateDir, 'second'),
      namespace: 'n',
      network: { kind: 'loopback', port: gateway.port },
      supervisorEntry: entry,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'KnownError',
      message: expect.stringContaining('did not start: it exited at once') as string,
      seen: expect.stringContaining(String(gateway.port)) as string,
    });
  });

  it('reports why the data of a server cannot be opened', async () => {
    const third = join(stateDir, 'third');
    const data = join(third, 'temporal-1.2.3.db');
    await mkdir(data, { recursive: true });
    const starting = startTemporal({
      ...{ path, stateDir: third, namespace: 'n', versions: { version: '1.2.3', serverVersion: '1.2.3' } },
      supervisorEntry: await supervisorEntry(),
    });
    await expect(starting).rejects.toMatchObject({
      message: "Opening the Temporal server's data failed: it is a folder",
      tried: data,
    });
  });
});
