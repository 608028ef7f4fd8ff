import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { LiveEvent } from '../shared/contract.ts';
import type { Store } from '../store/store.ts';
import { getMeta, setMeta } from '../store/people.ts';
import type { PlatformEvent } from '../shared/types.ts';

/** The events of the platform, and those that only tell the console which of its lists have changed. */
export type PublishedEvent = PlatformEvent | { readonly kind: 'workers-changed' | 'faults-changed' | 'clock-changed' };

const KEPT_EVENTS = 500;

/** Passes events on to the streams of the console and keeps the latest ones for streams that reconnect. */
export function createEventHub(options: { readonly clock: Clock; readonly firstId: number }) {
  const listeners = new Set<(event: LiveEvent) => void>();
  const kept: LiveEvent[] = [];
  const before = options.firstId - 1;
  let lastId = before;
  return {
    /** Id of the latest event; one less than the first id before there is any. */
    get lastId() {
      return lastId;
    },
    publish: (event: PublishedEvent): void => {
      // The console reads again after an event: its own requests would only displace those of others.
      if (event.kind === 'request' && event.console === true) return;
      const published: LiveEvent = { id: ++lastId, time: new Date(options.clock.now()).toISOString(), ...event };
      kept.push(published);
      if (kept.length > KEPT_EVENTS) kept.shift();
      for (const listener of listeners) listener(published);
    },
    /** The events after `id`, oldest first. Undefined if the hub has already dropped some of them, or did not issue `id`. */
    after: (id: number): readonly LiveEvent[] | undefined => {
      const oldest = kept[0]?.id ?? lastId + 1;
      const isKnown = id >= Math.max(before, oldest - 1) && id <= lastId;
      return isKnown ? kept.filter((event) => event.id > id) : undefined;
    },
    /** Calls the listener for each event, until the returned function is called. */
    subscribe: (listener: (event: LiveEvent) => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export type EventHub = ReturnType<typeof createEventHub>;

/**
 * Passes an event to the hub and to the listener of whoever started the platform. What the event reports has already happened, so an error of
 * the listener only becomes a warning in the console.
 */
export function reportEvent(
  event: PlatformEvent,
  listener: ((event: PlatformEvent) => void) | undefined,
  hub: EventHub,
): void {
  hub.publish(event);
  try {
    listener?.(event);
  } catch (error) {
    hub.publish({ kind: 'warning', message: `The listener of platform events failed: ${messageOf(error)}` });
  }
}

const FIRST_ID = 'first-event-id';
/** More than the events of a run during which the clock goes back. */
const GAP = 1_000_000;

/**
 * The first event id of this run. It is larger than all ids of earlier runs: it follows the time in microseconds, which no run can overtake,
 * and the store has that of the last run in case the clock was set back.
 */
export function takeFirstEventId(store: Store, clock: Clock): number {
  return store.transaction(() => {
    const last = Number(getMeta(store.sql, FIRST_ID) ?? 0);
    const first = Math.max(clock.now() * 1000, last + GAP);
    setMeta(store.sql, FIRST_ID, String(first));
    return first;
  });
}
