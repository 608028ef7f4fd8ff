// Keeps 300 workflows running while their worker is connected directly or through the gateway, in turns. Each gateway round is compared with
// the two direct rounds around it, because the server gets slower as it fills and rates vary by a tenth. Prints the median completions per
// second, the median of the shares, and their quartiles.
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { config, optionsFor } from './connections.mjs';

const PARALLEL = 300;
const ROUNDS = 15;
const WARM_UP = 2;
const PER_ROUND = 600;

Runtime.install({
  telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  logger: quiet(),
});
const workflowBundle = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('./workflows.mjs', import.meta.url)),
  logger: quiet(),
});
// Workflows are always started directly, as the platform does; a worker is not allowed to start them.
const connection = await Connection.connect(optionsFor('direct'));
const client = new Client({ connection, namespace: config.namespace });
const rates = { direct: [], gateway: [] };
for (let round = -WARM_UP; round <= 2 * ROUNDS; round++) {
  const way = round % 2 === 0 ? 'direct' : 'gateway';
  const rate = await measure(way, `bench-${way}-${round}`);
  console.error(`${way} ${rate.toFixed(0)}/s${round < 0 ? ' (warm-up)' : ''}`);
  if (round >= 0) rates[way].push(rate);
}
await connection.close();
const around = (round) => Math.sqrt(rates.direct[round] * rates.direct[round + 1]);
const shares = rates.gateway.map((rate, round) => rate / around(round));
const [low, share, high] = [0.25, 0.5, 0.75].map((part) => quantile(shares, part));
const [direct, gateway] = [rates.direct, rates.gateway].map((rounds) => quantile(rounds, 0.5));
console.log(JSON.stringify({ direct, gateway, share, low, high, rounds: ROUNDS }));

function quantile(numbers, part) {
  return numbers.toSorted((a, b) => a - b)[Math.round((numbers.length - 1) * part)];
}

async function measure(way, taskQueue) {
  const native = await NativeConnection.connect(optionsFor(way));
  const worker = await Worker.create({
    connection: native,
    namespace: config.namespace,
    taskQueue,
    workflowBundle,
    activities: { work: () => Promise.resolve('done') },
    maxConcurrentWorkflowTaskExecutions: PARALLEL,
    maxConcurrentActivityTaskExecutions: PARALLEL,
    maxCachedWorkflows: 2 * PARALLEL,
  });
  const running = worker.run();
  let started = 0;
  const begun = performance.now();
  const slot = async () => {
    while (started < PER_ROUND) {
      started += 1;
      await client.workflow.execute('bench', { taskQueue, workflowId: `${taskQueue}-${started}` });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, slot));
  const rate = PER_ROUND / ((performance.now() - begun) / 1000);
  worker.shutdown();
  await running;
  await native.close();
  return rate;
}

function quiet() {
  const none = () => {};
  return { log: none, trace: none, debug: none, info: none, warn: none, error: none };
}
