import { fork } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { startGateway } from '../src/platform/gateway/gateway.ts';
import { openAuthority } from '../src/platform/pki/authority.ts';
import { openEngineTokens } from '../src/platform/pki/tokens.ts';
import { createProcessEngine } from '../src/platform/temporal/engine.ts';
import { findTemporal } from '../src/platform/temporal/find.ts';
import { startTemporal } from '../src/platform/temporal/server.ts';

// What the gateway costs, against the same server without it. Bundled and started by Node as
// `node gateway.mjs measure <supervisor.js>`; prints one JSON object. The gateway runs in a process of its own, as the
// platform's does beside a worker.

// The enums' home, @temporalio/proto, is no dependency of ours.
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment */
const NAMESPACE = 'bench';
const CALLS = 1500;
const ROUNDS = 6;
const WORKFLOWS = 450;
const PARALLEL = 300;
const POLLERS = 20;

interface Doorway {
  readonly port: number;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly token: string;
}

async function serve(upstreamPort: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kuflow-bench-pki-'));
  const authority = await openAuthority({ folder });
  const tokens = await openEngineTokens({ folder, graceSeconds: 0 });
  await rm(folder, { recursive: true });
  const gateway = await startGateway({
    port: 0,
    server: await authority.issueServerCertificate({}),
    clientAuthority: authority.certificate,
    upstream: { host: '127.0.0.1', port: upstreamPort },
    verifyToken: tokens.verifyToken,
    onWorkflowTaskCompleted: () => undefined,
  });
  const client = await authority.issueClientCertificate({ principalId: 'a', namespace: NAMESPACE, lifeSeconds: 3600 });
  const { token } = await tokens.issueToken({
    principalId: 'a',
    tenantId: 't',
    namespace: NAMESPACE,
    lifeSeconds: 3600,
  });
  const doorway: Doorway = {
    port: gateway.port,
    ca: authority.certificate,
    certificate: client.certificate,
    key: client.privateKey.reveal(),
    token: token.reveal(),
  };
  process.send?.(doorway);
  process.once('disconnect', () => void gateway.close().then(() => process.exit(0)));
}

/** Median milliseconds of one caller's GetSystemInfo, both ways in turns so that a busy moment hits both. */
async function medians(ways: readonly Connection[]): Promise<readonly number[]> {
  const times = ways.map((): number[] => []);
  for (let round = 0; round < ROUNDS * ways.length; round++) {
    const way = round % ways.length;
    const connection = ways[way];
    if (connection === undefined) continue;
    for (let call = 0; call < CALLS / ROUNDS; call++) {
      const before = performance.now();
      await connection.workflowService.getSystemInfo({});
      times[way]?.push(performance.now() - before);
    }
  }
  return times.map(median);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Completions per second of workflows with one activity, by a worker on `connection`; started directly. */
async function completions(
  connection: Connection,
  engine: Awaited<ReturnType<typeof createProcessEngine>>,
  queue: string,
): Promise<number> {
  const service = connection.workflowService;
  let done = 0;
  let started = 0;
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const isOver = (): boolean => over.signal.aborted;
  const startOne = async (): Promise<void> => {
    if (started >= WORKFLOWS) return;
    const workflowId = `${queue}-${started++}`;
    await engine.startWorkflow({ workflowId, workflowType: 'W', taskQueue: queue, input: { processId: workflowId } });
  };
  const poll = async <T extends { taskToken: Uint8Array }>(
    ask: () => Promise<T>,
    answer: (task: T) => Promise<unknown>,
  ): Promise<void> => {
    while (!isOver()) {
      try {
        const task = await connection.withAbortSignal(over.signal, () =>
          connection.withDeadline(Date.now() + 60_000, ask),
        );
        if (task.taskToken.length > 0) await answer(task);
      } catch (error) {
        if (!isOver()) throw error;
      }
    }
  };
  const taskQueue = { name: queue };
  const before = performance.now();
  const pollers = Array.from({ length: POLLERS }, () => [
    poll(
      () => service.pollWorkflowTaskQueue({ namespace: NAMESPACE, taskQueue, identity: 'bench' }),
      async (task) => {
        const last = task.history?.events?.some((event) => event.activityTaskCompletedEventAttributes) === true;
        await service.respondWorkflowTaskCompleted({
          namespace: NAMESPACE,
          taskToken: task.taskToken,
          // The enum's home, @temporalio/proto, is no dependency of ours.

          commands: [
            last
              ? { commandType: 4, completeWorkflowExecutionCommandAttributes: {} }
              : {
                  commandType: 1,
                  scheduleActivityTaskCommandAttributes: {
                    activityId: '1',
                    activityType: { name: 'A' },
                    taskQueue,
                    startToCloseTimeout: { seconds: 60 as never },
                  },
                },
          ],
        });
        if (!last) return;
        if (++done >= WORKFLOWS) over.abort();
        else await startOne();
      },
    ),
    poll(
      () => service.pollActivityTaskQueue({ namespace: NAMESPACE, taskQueue, identity: 'bench' }),
      (task) => service.respondActivityTaskCompleted({ namespace: NAMESPACE, taskToken: task.taskToken }),
    ),
  ]).flat();
  await Promise.all(Array.from({ length: PARALLEL }, startOne));
  await Promise.all(pollers);
  return (WORKFLOWS / (performance.now() - before)) * 1000;
}

async function measure(supervisorEntry: string): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kuflow-bench-'));
  const { path } = await findTemporal({ env: process.env });
  const limits = Object.fromEntries(
    ['frontend.rps', 'frontend.namespaceRPS', 'frontend.globalNamespaceRPS', 'history.rps', 'matching.rps'].map(
      (key) => [key, 100_000],
    ),
  );
  const temporal = await startTemporal({
    path,
    stateDir,
    namespace: NAMESPACE,
    supervisorEntry,
    dynamicConfig: limits,
  });
  const child = fork(process.argv[1] ?? '', ['serve', String(temporal.port)]);
  const [doorway] = (await once(child, 'message')) as [Doorway];
  const direct = await Connection.connect({ address: temporal.address, metadata: { 'temporal-namespace': NAMESPACE } });
  const through = await Connection.connect({
    address: `localhost:${doorway.port}`,
    tls: {
      serverRootCACertificate: Buffer.from(doorway.ca),
      clientCertPair: { crt: Buffer.from(doorway.certificate), key: Buffer.from(doorway.key) },
    },
    metadata: { authorization: `Bearer ${doorway.token}`, 'temporal-namespace': NAMESPACE },
  });
  const engine = await createProcessEngine({ address: temporal.address, namespace: NAMESPACE });
  await medians([direct, through]);
  const [directMedian = NaN, throughMedian = NaN] = await medians([direct, through]);
  process.stderr.write(`median call: direct ${directMedian.toFixed(2)} ms, gateway ${throughMedian.toFixed(2)} ms\n`);
  const rates: { direct: number[]; gateway: number[] } = { direct: [], gateway: [] };
  for (let round = 0; round < ROUNDS; round++) {
    // Alternating and mirrored, since the server slows down as its database grows.
    const order = round % 2 === 0 ? (['direct', 'gateway'] as const) : (['gateway', 'direct'] as const);
    for (const way of order) {
      const rate = await completions(way === 'direct' ? direct : through, engine, `${way}-${round}`);
      process.stderr.write(`${way}: ${Math.round(rate)} workflows/s\n`);
      rates[way].push(rate);
    }
  }
  const result = {
    medianCallMs: { direct: directMedian, gateway: throughMedian, added: throughMedian - directMedian },
    workflowsPerSecond: {
      direct: median(rates.direct),
      gateway: median(rates.gateway),
      ratio: median(rates.gateway) / median(rates.direct),
      rates,
    },
  };
  process.stdout.write(
    `${JSON.stringify(result, (_key, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value), 2)}\n`,
  );
  for (const connection of [direct, through]) await connection.close();
  await engine.close();
  child.disconnect();
  await once(child, 'exit');
  await temporal.stop();
  await rm(stateDir, { recursive: true, force: true });
}

const [, , role = '', argument = ''] = process.argv;
await (role === 'serve' ? serve(Number(argument)) : measure(argument));
