// 300 workflows at any time, their worker connected one way or the other, in turns. Prints the median completions per second,
// and the median of what a round by the gateway reached of the one beside it: the server gets slower as it fills, and rates vary by a tenth.
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { config, optionsFor } from './connections.mjs';

const PARALLEL = 300;
const ROUNDS = 7;
const WARM_UP = 1;
const PER_ROUND = 600;

Runtime.install({
  telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  logger: quiet(),
});
const workflowBundle = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('./workflows.mjs', import.meta.url)),
  logger: quiet(),
});
// Workflows are always started directly, as the platform does: a worker may not.
const connection = await Connection.connect(optionsFor('direct'));
const client = new Client({ connection, namespace: config.namespace });
const rates = { direct: [], gateway: [] };
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const way of round % 2 === 0 ? ['direct', 'gateway'] : ['gateway', 'direct']) {
    const rate = await measure(way, `bench-${way}-${round}`);
    console.error(`${way} ${rate.toFixed(0)}/s${round < 0 ? ' (warm-up)' : ''}`);
    if (round >= 0) rates[way].push(rate);
  }
}
await connection.close();
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const share = median(rates.gateway.map((rate, round) => rate / rates.direct[round]));
console.log(JSON.stringify({ direct: median(rates.direct), gateway: median(rates.gateway), share }));

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
