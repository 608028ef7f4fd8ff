import type { ServerResponse } from 'node:http';
import type { EventHub } from './event-hub.ts';
import type { LiveEvent } from '../shared/contract.ts';

/** Bytes that a reader may be behind before its stream is cut. It gets what it missed when it reconnects. */
const MAX_BACKLOG = 1024 * 1024;

/**
 * Streams of server-sent events. All of them share one subscription and one timer, so that an open stream costs next to nothing. `heartbeatMs`: between
 * comments that keep a stream alive.
 */
export function createEventStreams(hub: EventHub, heartbeatMs = 15_000) {
  const open = new Set<ServerResponse>();
  let stop: (() => void) | undefined;

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > MAX_BACKLOG) response.destroy();
    else response.write(text);
  };
  const sendToAll = (text: string): void => {
    for (const response of open) send(response, text);
  };
  const start = (): void => {
    const unsubscribe = hub.subscribe((event) => sendToAll(formatMessage(event)));
    const heartbeat = setInterval(() => sendToAll(':\n\n'), heartbeatMs);
    heartbeat.unref();
    stop = () => {
      unsubscribe();
      clearInterval(heartbeat);
      stop = undefined;
    };
  };

  return {
    /** How many streams are open. */
    get size() {
      return open.size;
    },
    /** Writes the head and the missed events to the response, and then each event until either side closes the stream. */
    open: (response: ServerResponse, lastEventId: string | undefined): void => {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      if (stop === undefined) start();
      open.add(response);
      response.on('close', () => {
        open.delete(response);
        if (open.size === 0) stop?.();
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
