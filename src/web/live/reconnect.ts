import type { LiveEvent } from '../../platform/shared/contract.ts';
import { authorizedHeaders } from '../api.ts';
import { createStreamParser } from './sse.ts';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'stopped' | 'refused';

/** What a stream tells the console. `lastId` is where another stream can continue. */
export type StreamNews =
  | { readonly kind: 'event'; readonly event: LiveEvent; readonly lastId: string | undefined }
  | { readonly kind: 'state'; readonly state: ConnectionState; readonly lastId: string | undefined };

/** The platform writes a comment at least this often, with some margin. */
const SILENCE_MS = 40_000;
const LONGEST_PAUSE_MS = 5_000;

/** The console reads everything again after this event. */
export const RESET: LiveEvent = { id: 0, time: '', kind: 'reset' };

/**
 * Follows the live events until `signal` aborts, and reconnects with growing pauses. Resolves early if the platform refuses the token. It is
 * read with `fetch`, because `EventSource` cannot send the token.
 */
export async function followEvents(
  lastId: string | undefined,
  tell: (news: StreamNews) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen = lastId;
  let failures = 0;
  const setState = (state: ConnectionState): void => tell({ kind: 'state', state, lastId: seen });
  const hasEnded = (): boolean => signal.aborted;
  while (!hasEnded()) {
    try {
      await readStream(seen, signal, {
        opened: () => {
          failures = 0;
          setState('live');
          // Without an id, nothing says what happened between the first reads and now.
          if (seen === undefined) tell({ kind: 'event', event: RESET, lastId: seen });
        },
        received: (id, event) => {
          seen = id ?? seen;
          if (event === undefined) setState('live');
          else tell({ kind: 'event', event, lastId: seen });
        },
      });
    } catch (error) {
      if (error === REFUSED) {
        setState('refused');
        return;
      }
    }
    if (hasEnded()) return;
    failures++;
    setState(failures < 3 ? 'reconnecting' : 'stopped');
    await pause(Math.min(100 * 2 ** failures, LONGEST_PAUSE_MS), signal);
  }
}

const REFUSED = new Error('The token was refused');

async function readStream(
  lastId: string | undefined,
  signal: AbortSignal,
  on: { opened(): void; received(id: string | undefined, event: LiveEvent | undefined): void },
): Promise<void> {
  const connection = new AbortController();
  const abort = (): void => connection.abort();
  signal.addEventListener('abort', abort);
  let heard = Date.now();
  // After the machine slept, this notices at once that nothing was heard for too long.
  const watch = setInterval(() => {
    if (Date.now() - heard > SILENCE_MS) abort();
  }, 5_000);
  try {
    const response = await fetch('/_dev/events', {
      cache: 'no-store',
      headers: { ...authorizedHeaders(), ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
      signal: connection.signal,
    });
    if (response.status === 401 || response.status === 403) throw REFUSED;
    if (!response.ok || response.body === null) throw new Error(`The stream answered ${response.status}`);
    on.opened();
    const parse = createStreamParser(({ id, data }) => {
      on.received(id, data === undefined ? undefined : (JSON.parse(data) as LiveEvent));
    });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard = Date.now();
      parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', abort);
    abort();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      document.removeEventListener('visibilitychange', endIfVisible);
      resolve();
    };
    const endIfVisible = (): void => {
      if (!document.hidden) end();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    document.addEventListener('visibilitychange', endIfVisible);
  });
}
