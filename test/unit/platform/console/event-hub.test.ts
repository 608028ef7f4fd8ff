import { afterEach, describe, expect, it } from 'vitest';

import type { Clock } from '../../../../src/base/clock.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { cancelProcess } from '../../../../src/platform/domain/processes.ts';
import { createEventHub, reportEvent } from '../../../../src/platform/console/live-events.ts';
import { createWorld, type World } from '../domain/world.ts';

const fixedClock = (now: number): Clock => ({ now: () => now, sleep: () => Promise.resolve() });
const warning = (message: string): { kind: 'warning'; message: string } => ({ kind: 'warning', message });

describe('the event hub', () => {
  it('numbers events, adds the time, and returns those after an id while all of them are kept', () => {
    const hub = createEventHub(fixedClock(1));
    expect(hub.after(999)).toEqual([]);
    for (let count = 0; count < 500; count++) hub.publish(warning(`event ${count}`));
    expect(hub.lastId).toBe(1499);
    expect(hub.after(1498)).toEqual([{ id: 1499, time: '1970-01-01T00:00:00.001Z', ...warning('event 499') }]);
    expect(hub.after(1499)).toEqual([]);
    expect(hub.after(999)).toHaveLength(500);
    hub.publish(warning('one more'));
    expect(hub.after(999)).toBeUndefined();
    expect(hub.after(1000)).toHaveLength(500);
  });

  it('does not know ids that it has not issued', () => {
    const hub = createEventHub(fixedClock(1));
    hub.publish(warning('the only one'));
    for (const id of [998, 1001, -1, NaN]) expect(hub.after(id), String(id)).toBeUndefined();
  });

  it('leaves out the requests of the console', () => {
    const hub = createEventHub(fixedClock(1));
    const request = { kind: 'request', method: 'GET', path: '/processes', status: 200, ms: 1 } as const;
    hub.publish({ ...request, console: true });
    hub.publish(request);
    expect(hub.after(999)).toEqual([expect.objectContaining({ id: 1000, kind: 'request' })]);
  });

  it('stops calling a listener that has unsubscribed', () => {
    const hub = createEventHub(fixedClock(1));
    const seen: number[] = [];
    const unsubscribe = hub.subscribe(({ id }) => seen.push(id));
    hub.publish(warning('first'));
    unsubscribe();
    hub.publish(warning('second'));
    expect(seen).toEqual([1000]);
  });
});

describe('reportEvent', () => {
  it('turns an error of the listener into a warning, because the event has already happened', () => {
    const hub = createEventHub(fixedClock(1));
    const failing = (): void => {
      throw new Error('no space left');
    };
    reportEvent(warning('first'), failing, hub);
    const messages = hub.after(999)?.map((event) => ('message' in event ? event.message : event.kind));
    expect(messages).toEqual(['first', 'The listener of platform events failed: no space left']);
  });
});

describe('with a store', () => {
  let world: World;
  afterEach(() => world.destroy());

  it('reports what happened to a process after the outermost commit', () => {
    world = createWorld();
    const { store, events, user } = world;
    const whileOpen = store.transaction(() => {
      createProcess(user, { tenantId: user.tenantId, processDefinitionCode: 'LOAN' });
      return events.length;
    });
    expect(whileOpen).toBe(0);
    expect(events).toEqual([expect.objectContaining({ kind: 'process', what: 'process-started' })]);
  });

  it('reports nothing that was rolled back, now or later', () => {
    world = createWorld();
    const { store, events, user } = world;
    const { process } = createProcess(user, { tenantId: user.tenantId, processDefinitionCode: 'LOAN' });
    const before = events.length;
    expect(() =>
      store.transaction(() => {
        cancelProcess(user, process.id);
        throw new Error('the disk is full');
      }),
    ).toThrow('the disk is full');
    store.transaction(() => undefined);
    expect(events).toHaveLength(before);
    cancelProcess(user, process.id);
    expect(events.slice(before)).toEqual([expect.objectContaining({ what: 'process-cancelled' })]);
  });
});
