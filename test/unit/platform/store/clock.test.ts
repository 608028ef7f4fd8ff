import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { createAuthentication } from '../../../../src/platform/domain/credentials.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { createWorker, listWorkers } from '../../../../src/platform/domain/workers.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { createWorld } from '../domain/world.ts';

const START = Date.UTC(2026, 0, 1);
const temporaryFolder = temporaryFolders();
const DAY = 24 * 3600 * 1000;

it('a state stays ahead of real time after a restart, and never goes back', () => {
  const real: Clock = { now: () => START, sleep: () => Promise.resolve() };
  const path = join(temporaryFolder(), 'state.db');
  const first = openStore({ path, clock: real });
  expect(first.clock.ahead).toBe(0);
  first.clock.advanceTo(START + 3 * DAY);
  first.clock.advanceTo(START + DAY);
  expect(first.now()).toBe('2026-01-04T00:00:00.000Z');
  first.close();
  const second = openStore({ path, clock: real });
  expect(second.clock.ahead).toBe(3 * DAY);
  expect(second.clock.real.now()).toBe(START);
  second.close();
});

it('processes use the skipped time, and credentials and workers use real time', async () => {
  const clock: Clock = { now: () => START, sleep: () => Promise.resolve() };
  const world = createWorld({ clock });
  try {
    world.store.clock.advanceTo(START + 30 * DAY);
    const { process } = createProcess(world.user, { processDefinitionCode: 'LOAN' });
    expect(process.createdAt).toBe('2026-01-31T00:00:00.000Z');
    const time = '2026-01-01T00:00:00.000Z';
    expect(await createAuthentication(world.worker, { type: 'ENGINE_TOKEN' })).toMatchObject({ createdAt: time });
    createWorker(world.worker, { identity: 'w', taskQueue: 'q', hostname: 'h', ip: '127.0.0.1' });
    expect(listWorkers(world.domain)).toMatchObject([{ createdAt: time, lastModifiedAt: time }]);
  } finally {
    await world.destroy();
  }
});
