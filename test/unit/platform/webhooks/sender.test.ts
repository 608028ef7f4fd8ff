import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import {
  assignTask,
  claimTask,
  completeTask,
  createProcessItem,
  releaseTask,
} from '../../../../src/platform/domain/process-items.ts';
import { cancelProcess, completeProcess } from '../../../../src/platform/domain/processes.ts';
import type { WebhookDelivery } from '../../../../src/platform/shared/dev-contract.ts';
import {
  listWebhookDeliveries,
  readWebhookDelivery,
  replayWebhookDelivery,
} from '../../../../src/platform/webhooks/delivery-records.ts';
import { ANSWER_WITHIN_MS, GIVE_UP_AFTER_MS } from '../../../../src/platform/webhooks/sender.ts';
import type { ProcessDefinition } from '../../../../src/process/definition.ts';
import { startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';
import { until } from '../../../support/until.ts';
import { createWorld, LOAN, type World } from '../domain/world.ts';

interface TestClock extends Clock {
  /** The number of pending sleeps. */
  readonly sleepers: () => number;
  readonly advance: (ms: number) => void;
}

/** A clock that moves only when the test moves it. */
function createTestClock(): TestClock {
  let now = Date.parse('2026-11-30T12:00:00.000Z');
  const sleeping = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleeping.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleeping.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    sleepers: () => sleeping.size,
    advance: (ms) => {
      now += ms;
      for (const sleeper of sleeping) {
        if (sleeper.until > now) continue;
        sleeping.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

type Answer = (response: ServerResponse) => void;
const status =
  (code: number, headers = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end('the answer');
const dies: Answer = (response) => response.destroy();
/** A complete head, and half of the body. */
const diesAfter =
  (code: number): Answer =>
  (response) => {
    response.writeHead(code, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  };
const hangs: Answer = () => undefined;

let worlds: World[] = [];
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.destroy()));
  worlds = [];
});

const withWebhook = (url: string, confidential = false): ProcessDefinition => ({
  process: { code: 'LOAN', confidential },
  webhook: { url },
  tasks: LOAN.tasks,
});

function open(
  url: string,
  clock: Clock,
  options: { readonly folder?: string; readonly confidential?: boolean } = {},
): World {
  const { folder, confidential = false } = options;
  const definitions = [withWebhook(url, confidential)];
  const world = createWorld({ definitions, clock, ...(folder === undefined ? {} : { folder }) });
  worlds.push(world);
  return world;
}

/** Answers the first requests with these, and all others with 200. */
async function receive(...answers: readonly Answer[]): Promise<AnsweringServer> {
  const server = await startAnsweringServer((_request, response, index) => (answers[index] ?? status(200))(response));
  onTestFinished(() => server.close());
  return server;
}

const start = ({ user, identity }: World): string =>
  createProcess(user, { tenantId: identity.tenantId, processDefinitionCode: 'LOAN' }).process.id;

interface SentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly processId: string; readonly processState?: string; readonly processItemState?: string };
}
const sentTo = (server: AnsweringServer): SentEvent[] =>
  server.requests.map(({ body }) => JSON.parse(body.toString()) as SentEvent);
const namesOf = (server: AnsweringServer): string[] =>
  sentTo(server).map(({ type, data }) => `${type} ${data.processItemState ?? data.processState ?? ''}`.trim());

const deliveries = (world: World): readonly WebhookDelivery[] =>
  listWebhookDeliveries(world.domain, { limit: 100 }).toReversed();
/** Waits until the sender pauses before an attempt, and ends the pause. */
async function endPause(world: World, clock: TestClock, attempts: number): Promise<void> {
  await until(`attempt ${attempts} has failed`, () =>
    deliveries(world).some(({ state, attempts: made }) => state === 'PENDING' && made === attempts),
  );
  await until('the sender pauses', () => clock.sleepers() === 1);
  clock.advance(60_000);
}

describe('the sender of webhooks', () => {
  it('sends an event for each change of the process and its tasks, in order, with the body of the contract', async () => {
    const server = await receive();
    const world = open(`${server.url}/webhooks`, createTestClock());
    const processId = start(world);
    const create = (more: object = {}): string =>
      createProcessItem(world.worker, { type: 'TASK', processId, processItemDefinitionCode: 'SCORE', ...more })
        .processItem.id;
    const first = create();
    claimTask(world.worker, first);
    releaseTask(world.worker, first);
    assignTask(world.worker, first, { ownerId: world.worker.principal.id });
    // Its state does not change.
    assignTask(world.worker, first, { ownerId: world.worker.principal.id });
    completeTask(world.worker, first);
    create({ ownerId: world.worker.principal.id });
    const message = { type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hello' } } as const;
    createProcessItem(world.worker, { ...message, processId });
    cancelProcess(world.user, processId);
    const other = start(world);
    completeProcess(world.worker, other);
    await world.webhooks.whenIdle();

    const of = (id: string): string[] =>
      namesOf(server).filter((_name, index) => sentTo(server)[index]?.data.processId === id);
    expect(of(processId)).toEqual([
      'PROCESS.CREATED RUNNING',
      'PROCESS.STATE_CHANGED RUNNING',
      'PROCESS_ITEM.CREATED READY',
      'PROCESS_ITEM.TASK_STATE_CHANGED CLAIMED',
      'PROCESS_ITEM.TASK_STATE_CHANGED READY',
      'PROCESS_ITEM.TASK_STATE_CHANGED CLAIMED',
      'PROCESS_ITEM.TASK_STATE_CHANGED COMPLETED',
      'PROCESS_ITEM.CREATED CLAIMED',
      'PROCESS_ITEM.TASK_STATE_CHANGED CLAIMED',
      'PROCESS_ITEM.CREATED',
      'PROCESS.STATE_CHANGED CANCELLED',
      'PROCESS_ITEM.TASK_STATE_CHANGED CANCELLED',
    ]);
    expect(of(other)).toEqual([
      'PROCESS.CREATED RUNNING',
      'PROCESS.STATE_CHANGED RUNNING',
      'PROCESS.STATE_CHANGED COMPLETED',
    ]);
    expect(server.requests[2]).toMatchObject({ method: 'POST', url: '/webhooks' });
    expect(server.requests[2]?.headers['content-type']).toBe('application/json');
    const created = sentTo(server).find(({ type }) => type === 'PROCESS_ITEM.CREATED');
    expect(created).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      version: 'v2024-06-14',
      type: 'PROCESS_ITEM.CREATED',
      timestamp: '2026-11-30T12:00:00.000Z',
      data: {
        ...{ processId, processItemId: first, processItemType: 'TASK', processItemState: 'READY' },
        processItemDefinitionCode: 'SCORE',
      },
    });
    // The process has no workflow.
    expect(world.calls).toEqual([]);
    expect(deliveries(world).every(({ state, attempts }) => state === 'DELIVERED' && attempts === 1)).toBe(true);
  });

  it.each<[string, Answer, RegExp]>([
    ['answers 500', status(500), /^500$/],
    ['redirects', status(302, { location: '/elsewhere' }), /^302, redirects are not followed$/],
    ['dies without an answer', dies, /^other side closed$|ECONNRESET/],
    ['dies in the middle of an answer with 500', diesAfter(500), /^500, /],
  ])(
    'repeats an event while the receiver %s, and sends nothing else in the meantime',
    async (_title, answer, problem) => {
      const clock = createTestClock();
      const server = await receive(answer, answer, answer);
      const world = open(server.url, clock);
      start(world);
      for (const attempt of [1, 2, 3]) {
        await until(`attempt ${attempt}`, () => deliveries(world)[0]?.attempts === attempt);
        const { latest, state } = deliveries(world)[0] ?? {};
        expect([latest?.status, latest?.problem].filter((part) => part !== undefined).join(', ')).toMatch(problem);
        expect(state).toBe('PENDING');
        await endPause(world, clock, attempt);
      }
      await world.webhooks.whenIdle();
      const ids = deliveries(world).map(({ id }) => id);
      expect(sentTo(server).map(({ id }) => ids.indexOf(id))).toEqual([0, 0, 0, 0, 1]);
      expect(deliveries(world).map(({ state, attempts }) => [state, attempts])).toEqual([
        ['DELIVERED', 4],
        ['DELIVERED', 1],
      ]);
    },
  );

  it('repeats an event while connections are refused, with pauses that grow to a minute', async () => {
    const clock = createTestClock();
    // Below the ports that the system gives to other tests.
    const free = 20_000 + Math.floor(Math.random() * 10_000);
    const { port, url, close } = await startAnsweringServer(() => undefined, undefined, free);
    await close();
    const world = open(url, clock);
    start(world);
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 10; attempt++) {
      await until('the sender pauses', () => deliveries(world)[0]?.attempts === attempt && clock.sleepers() === 1);
      let waited = 0;
      while (clock.sleepers() === 1) {
        clock.advance(250);
        waited += 250;
      }
      pauses.push(waited);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    // Before its end, an attempt has a time limit, which is a sleeper too.
    await until('the sender pauses', () => deliveries(world)[0]?.attempts === 11 && clock.sleepers() === 1);
    expect(deliveries(world)[0]?.latest?.problem).toContain('ECONNREFUSED');
    const server = await startAnsweringServer((_request, response) => response.end(), undefined, port);
    onTestFinished(server.close);
    clock.advance(60_000);
    await world.webhooks.whenIdle();
    expect(namesOf(server)).toEqual(['PROCESS.CREATED RUNNING', 'PROCESS.STATE_CHANGED RUNNING']);
  });

  it('repeats an event whose receiver does not answer in time, without delaying other processes', async () => {
    const clock = createTestClock();
    const server = await receive(hangs);
    const world = open(server.url, clock);
    const slow = start(world);
    await until('the first request', () => server.requests.length === 1);
    const other = start(world);
    await until('the other process', () =>
      deliveries(world).every(({ processId, state }) => processId === slow || state === 'DELIVERED'),
    );
    expect(sentTo(server).map(({ data }) => data.processId)).toEqual([slow, other, other]);
    clock.advance(ANSWER_WITHIN_MS);
    await endPause(world, clock, 1);
    await world.webhooks.whenIdle();
    expect(namesOf(server).slice(3)).toEqual(['PROCESS.CREATED RUNNING', 'PROCESS.STATE_CHANGED RUNNING']);
  });

  it('counts the status of an answer, although the rest of it is missing', async () => {
    const clock = createTestClock();
    const server = await receive(diesAfter(200));
    const world = open(server.url, clock);
    start(world);
    await world.webhooks.whenIdle();
    expect(namesOf(server)).toEqual(['PROCESS.CREATED RUNNING', 'PROCESS.STATE_CHANGED RUNNING']);
    expect(deliveries(world)[0]).toMatchObject({ state: 'DELIVERED', attempts: 1, latest: { status: 200 } });
    expect(deliveries(world)[0]?.latest?.problem).toBeDefined();
  });

  it('gives up on an event after a day, sends the next one, and sends it again on request', async () => {
    const clock = createTestClock();
    const server = await receive(status(500), status(404));
    const world = open(server.url, clock);
    start(world);
    await until('the sender pauses', () => deliveries(world)[0]?.attempts === 1 && clock.sleepers() === 1);
    clock.advance(GIVE_UP_AFTER_MS);
    await world.webhooks.whenIdle();
    expect(deliveries(world).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['FAILED', 2],
      ['DELIVERED', 1],
    ]);
    const [first] = deliveries(world);
    replayWebhookDelivery(world.domain, first?.id ?? '');
    await world.webhooks.whenIdle();
    expect(sentTo(server).at(-1)?.id).toBe(first?.id);
    expect(deliveries(world)[0]).toMatchObject({ state: 'DELIVERED', attempts: 3 });
  });

  it('stops while a receiver hangs, and continues after the next start', async () => {
    const server = await receive(hangs);
    const first = open(server.url, createTestClock());
    start(first);
    await until('the first request', () => server.requests.length === 1);
    await first.stop();
    const second = open(server.url, createTestClock(), { folder: first.folder });
    expect(deliveries(second).map(({ state }) => state)).toEqual(['PENDING', 'PENDING']);
    await second.webhooks.whenIdle();
    const [hung, ...rest] = sentTo(server).map(({ id }) => id);
    expect(rest).toEqual(deliveries(second).map(({ id }) => id));
    expect(rest[0]).toBe(hung);
  });

  it('sends to the address that the definition has now', async () => {
    const clock = createTestClock();
    const [wrong, right] = [await receive(status(404), status(404)), await receive()];
    const world = open(wrong.url, clock);
    const processId = start(world);
    await until('the sender pauses', () => deliveries(world)[0]?.attempts === 1 && clock.sleepers() === 1);
    world.domain.definitions.replace([withWebhook(right.url)], []);
    world.webhooks.retryNow(processId);
    await world.webhooks.whenIdle();
    expect([wrong.requests.length, right.requests.length]).toEqual([1, 2]);
    expect(deliveries(world)[0]?.url).toBe(right.url);
  });

  it('redacts bodies and answers as the list of requests does', async () => {
    const server = await startAnsweringServer((_request, response) => response.end('with kfdev_secret in it'));
    onTestFinished(server.close);
    const [plain, confidential] = [
      open(server.url, createTestClock()),
      open(server.url, createTestClock(), { confidential: true }),
    ];
    for (const world of [plain, confidential]) {
      start(world);
      await world.webhooks.whenIdle();
    }
    const read = (world: World) => readWebhookDelivery(world.domain, deliveries(world)[0]?.id ?? '');
    expect(read(plain).answer?.text).toBe('with [redacted] in it');
    expect(JSON.parse(read(plain).body.text ?? '')).toMatchObject({ type: 'PROCESS.CREATED' });
    expect([read(confidential).body.text, read(confidential).answer?.text]).toEqual(['[redacted]', '[redacted]']);
  });
});

describe('a process without a workflow and without a webhook', () => {
  it('starts nothing and sends nothing', async () => {
    const definition = { process: { code: 'LOAN' }, tasks: LOAN.tasks };
    const world = createWorld({ definitions: [definition], clock: createTestClock() });
    worlds.push(world);
    const processId = start(world);
    const { processItem } = createProcessItem(world.worker, {
      ...{ type: 'TASK', processId, processItemDefinitionCode: 'SCORE', ownerId: world.worker.principal.id },
    });
    completeTask(world.worker, processItem.id);
    cancelProcess(world.user, processId);
    await Promise.all([world.outbox.whenIdle(), world.webhooks.whenIdle()]);
    expect(world.calls).toEqual([]);
    expect(deliveries(world)).toEqual([]);
  });
});
