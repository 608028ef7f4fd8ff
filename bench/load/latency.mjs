// One caller makes one call after the other, both ways in turns. Prints the medians in milliseconds.
import { Connection } from '@temporalio/client';
import { config, optionsFor } from './connections.mjs';

const CALLS = 3000;
const WARM_UP = 300;

const connections = {
  direct: await Connection.connect(optionsFor('direct')),
  gateway: await Connection.connect(optionsFor('gateway')),
};
const times = { direct: [], gateway: [] };
for (let index = 0; index < CALLS + WARM_UP; index++) {
  for (const way of index % 2 === 0 ? ['direct', 'gateway'] : ['gateway', 'direct']) {
    const started = performance.now();
    await connections[way].workflowService.describeNamespace({ namespace: config.namespace });
    if (index >= WARM_UP) times[way].push(performance.now() - started);
  }
}
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
for (const connection of Object.values(connections)) await connection.close();
console.log(JSON.stringify({ direct: median(times.direct), gateway: median(times.gateway) }));
