import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { LiveEvent } from '../shared/dev-contract.ts';
import type { PlatformEvent, PlatformOptions } from '../shared/types.ts';

/** The events of the platform, and those that only tell the console which of its lists have changed. */
export type PublishedEvent = PlatformEvent | { readonly kind: 'workers-changed' | 'faults-changed' | 'clock-changed' };

const KEPT_EVENTS = 500;

/**
 * Passes events on to the streams of the console and keeps the latest ones for streams that reconnect. The first ID is the time in microseconds,
 * so that two runs never issue the same ID: none publishes a thousand events in a millisecond.
 */
export function createEventHub(clock: Clock) {
  const listeners = new Set<(event: LiveEvent) => void>();
  const kept: LiveEvent[] = [];
  const before = clock.now() * 1000 - 1;
  let lastId = before;
  return {
    /** Id of the latest event; one less than the first id before there is any. */
    get lastId() {
      return lastId;
    },
    publish: (event: PublishedEvent): void => {
      // The console reads again after an event: its own requests would only displace those of others.
      if (event.kind === 'request' && event.console === true) return;
      const published: LiveEvent = { id: ++lastId, time: new Date(clock.now()).toISOString(), ...event };
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

/** Passes an event on. It has already happened, so an error of the listener only becomes a warning in the console. */
export function reportEvent(event: PlatformEvent, listener: PlatformOptions['report'], hub: EventHub): void {
  hub.publish(event);
  try {
    listener?.(event);
  } catch (error) {
    hub.publish({ kind: 'warning', message: `The listener of platform events failed: ${messageOf(error)}` });
  }
}

/** Bytes that a reader may be behind before its stream is cut. It gets what it missed when it reconnects. */
const MAX_BACKLOG = 1024 * 1024;

/** Server-sent events, with regular comments that keep a stream alive. */
export function createEventStreams(hub: EventHub, heartbeatMs = 15_000) {
  let size = 0;
  return {
    /** How many streams are open. */
    get size() {
      return size;
    },
    /** Writes the head and the missed events to the response, and then each event until either side closes the stream. */
    open: (response: ServerResponse, lastEventId: string | undefined): void => {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const send = (text: string): void => {
        if (response.writableLength > MAX_BACKLOG) response.destroy();
        else response.write(text);
      };
      size++;
      const unsubscribe = hub.subscribe((event) => send(formatMessage(event)));
      const heartbeat = setInterval(() => send(':\n\n'), heartbeatMs).unref();
      response.on('close', () => {
        size--;
        unsubscribe();
        clearInterval(heartbeat);
      });
      // Later the socket may fail while the response is being written; `close` follows.
      response.on('error', () => undefined);
      response.write(missedEvents(hub, lastEventId));
    },
  };
}

export type EventStreams = ReturnType<typeof createEventStreams>;

/** The events that a stream starts with. A new stream starts with the id from which it can continue. */
function missedEvents(hub: EventHub, lastEventId: string | undefined): string {
  if (lastEventId === undefined || lastEventId === '') return `id: ${hub.lastId}\n\n`;
  const missed = hub.after(Number(lastEventId));
  if (missed === undefined) return formatMessage({ id: hub.lastId, time: new Date().toISOString(), kind: 'reset' });
  return missed.length === 0 ? ':\n\n' : missed.map(formatMessage).join('');
}

const formatMessage = (event: LiveEvent): string =>
  `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
