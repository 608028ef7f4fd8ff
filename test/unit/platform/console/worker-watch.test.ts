import { afterEach, expect, it } from 'vitest';

import { watchWorkers, type WorkerWatchOptions } from '../../../../src/platform/console/worker-watch.ts';
import { until } from '../../../support/until.ts';
import { createWorld, type World } from '../domain/world.ts';

let world: World | undefined;
afterEach(() => world?.destroy());

const watch = (options: Partial<WorkerWatchOptions>): ReturnType<typeof watchWorkers> => {
  world = createWorld();
  const { domain } = world;
  return watchWorkers({
    ...{ domain, listPollers: () => Promise.resolve([]), isWatched: () => true, onChange: () => undefined, everyMs: 1 },
    ...options,
  });
};

it('asks the server only while somebody watches, and one question at a time', async () => {
  let watched = false;
  let asked = 0;
  let rounds = 0;
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  let answer: ((identities: readonly string[]) => void) | undefined;
  const workers = watch({
    listPollers: () => {
      asked++;
      return new Promise((resolve) => (answer = resolve));
    },
    isWatched: () => {
      rounds++;
      return watched;
    },
  });
  await until('some rounds', () => rounds > 3);
  expect(asked).toBe(0);
  watched = true;
  await until('a question', () => asked > 0);
  const before = ticks;
  await until('more ticks', () => ticks > before + 3);
  expect(asked).toBe(1);
  answer?.([]);
  await until('the next question', () => asked > 1);
  answer?.([]);
  clearInterval(ticking);
  await workers.stop();
});

it('waits for an open question when it is stopped', async () => {
  let answer: ((identities: readonly string[]) => void) | undefined;
  const workers = watch({ listPollers: () => new Promise((resolve) => (answer = resolve)), isWatched: () => false });
  const status = workers.status();
  const order: string[] = [];
  const stopping = workers.stop().then(() => order.push('stopped'));
  await new Promise((resolve) => setImmediate(resolve));
  order.push('answered');
  answer?.(['1@host']);
  await stopping;
  expect(order).toEqual(['answered', 'stopped']);
  expect((await status).queues).toEqual([{ taskQueue: 'LOAN_QUEUE', processes: ['LOAN'], pollers: ['1@host'] }]);
});

it('reports no pollers while the Temporal server does not answer', async () => {
  const workers = watch({ listPollers: () => Promise.reject(new Error('no connection')), isWatched: () => false });
  expect((await workers.status()).queues).toEqual([{ taskQueue: 'LOAN_QUEUE', processes: ['LOAN'], pollers: [] }]);
  await workers.stop();
});
