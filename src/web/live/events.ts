import { useEffect, useState } from 'preact/hooks';
import type { LiveEvent } from '../../platform/shared/dev-contract.ts';
import { authorizedHeaders } from '../api.ts';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'stopped' | 'refused';

/** What a stream tells the console. `lastId` is where another stream can continue. */
type StreamNews =
  | { readonly kind: 'event'; readonly event: LiveEvent; readonly lastId: string | undefined }
  | { readonly kind: 'state'; readonly state: ConnectionState; readonly lastId: string | undefined };

type TabMessage = StreamNews | { readonly kind: 'hello' };

/** The name of the lock of the leader, and of the channel on which it passes its events on to the other tabs. */
const NAME = 'kuflow-live-events';
/** How long a tab waits for the leader to answer before it opens a stream itself. */
const LEADER_ANSWERS_MS = 2_000;
/** A tab that was hidden for longer, or a machine that slept for longer, reads everything again. */
const LONG_AWAY_MS = 15_000;
/** How often a tab notes that it is visible and the machine awake. */
const TICK_MS = 5_000;
/** The platform writes a comment at least this often, with some margin. */
const SILENCE_MS = 40_000;
const LONGEST_PAUSE_MS = 5_000;

/** The console reads everything again after this event. */
const RESET: LiveEvent = { id: 0, time: '', kind: 'reset' };

const listeners = new Set<(event: LiveEvent) => void>();
const stateListeners = new Set<(state: ConnectionState) => void>();
let state: ConnectionState = 'connecting';
let lastId: string | undefined;

/** Calls the listener for each live event, until the returned function is called. */
export function onLiveEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): ConnectionState {
  const [current, setCurrent] = useState(state);
  useEffect(() => {
    setCurrent(state);
    stateListeners.add(setCurrent);
    return () => {
      stateListeners.delete(setCurrent);
    };
  }, []);
  return current;
}

function applyNews(news: StreamNews): void {
  lastId = news.lastId ?? lastId;
  if (news.kind === 'event') {
    for (const listener of listeners) listener(news.event);
    return;
  }
  if (news.state === state) return;
  state = news.state;
  for (const listener of stateListeners) listener(state);
}

/** Makes all views read their data again. */
export function readAgain(): void {
  for (const listener of listeners) listener(RESET);
}

/**
 * Connects this tab to the live events until it is closed; call it once. A browser opens at most six connections to one origin, so all
 * tabs share the stream of one of them, the leader, which holds a lock. Without a leader that answers, and without locks (they need a secure
 * context), a tab has its own stream while it is visible.
 */
export function connectLiveEvents(): void {
  const locks = navigator.locks as LockManager | undefined;
  const channel = new BroadcastChannel(NAME);
  let leads = false;
  let own: AbortController | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const send = (message: TabMessage): void => channel.postMessage(message);

  const stopOwn = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    own?.abort();
    own = undefined;
  };
  const followOwn = (): void => {
    waiting = undefined;
    own = new AbortController();
    void followEvents(applyNews, own.signal);
  };
  const onVisibility = (): void => {
    if (document.hidden) stopOwn();
    else if (!leads && own === undefined && waiting === undefined) {
      send({ kind: 'hello' });
      // The tab of the leader may be frozen by the browser.
      waiting = setTimeout(followOwn, locks === undefined ? 0 : LEADER_ANSWERS_MS);
    }
  };

  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if (data.kind === 'hello') {
      if (leads) send({ kind: 'state', state, lastId });
      return;
    }
    if (leads) return;
    stopOwn();
    // The leader's token may be wrong where this tab's is right. It also gives up the lock.
    if (data.kind === 'event' || data.state !== 'refused') applyNews(data);
  };
  void locks
    ?.request(NAME, async () => {
      leads = true;
      stopOwn();
      const tell = (news: StreamNews): void => {
        applyNews(news);
        send(news);
      };
      await followEvents(tell, new AbortController().signal);
      leads = false;
    })
    .catch(() => undefined);
  document.addEventListener('visibilitychange', onVisibility);
  onVisibility();
  watchAbsence();
}

/** Reads everything again after this tab was hidden, or the machine slept, for a long time. */
function watchAbsence(): void {
  let present = Date.now();
  const check = (): void => {
    if (document.hidden) return;
    if (Date.now() - present > LONG_AWAY_MS) readAgain();
    present = Date.now();
  };
  setInterval(check, TICK_MS);
  document.addEventListener('visibilitychange', check);
}

/**
 * Follows the live events until `signal` aborts, and reconnects with growing pauses. Resolves early if the platform refuses the token. It is
 * read with `fetch`, because `EventSource` cannot send the token.
 */
async function followEvents(tell: (news: StreamNews) => void, signal: AbortSignal): Promise<void> {
  let failures = 0;
  const setState = (next: ConnectionState): void => tell({ kind: 'state', state: next, lastId });
  const hasEnded = (): boolean => signal.aborted;
  while (!hasEnded()) {
    try {
      await readStream(tell, signal, () => {
        failures = 0;
        setState('live');
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
    await pause(Math.min(100 * 2 ** failures, LONGEST_PAUSE_MS));
  }
}

const REFUSED = new Error('The token was refused');

async function readStream(tell: (news: StreamNews) => void, signal: AbortSignal, opened: () => void): Promise<void> {
  const connection = new AbortController();
  const abort = (): void => connection.abort();
  signal.addEventListener('abort', abort, { signal: connection.signal });
  let heard = Date.now();
  // After the machine slept, this notices at once that nothing was heard for too long.
  const watch = setInterval(() => {
    if (Date.now() - heard > SILENCE_MS) abort();
  }, TICK_MS);
  try {
    const response = await fetch('/_dev/events', {
      cache: 'no-store',
      headers: { ...authorizedHeaders(), ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
      signal: connection.signal,
    });
    if (response.status === 401 || response.status === 403) throw REFUSED;
    if (!response.ok || response.body === null) throw new Error(`The stream answered ${response.status}`);
    opened();
    // Without an id, nothing says what happened between the first reads and now.
    if (lastId === undefined) tell({ kind: 'event', event: RESET, lastId });
    const parse = createStreamParser(({ id = lastId, data }) => {
      tell(
        data === undefined
          ? { kind: 'state', state: 'live', lastId: id }
          : { kind: 'event', event: JSON.parse(data) as LiveEvent, lastId: id },
      );
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
    abort();
  }
}

/** A message of a stream of server-sent events. `data` is undefined for a message that only sets the id. */
export interface StreamMessage {
  readonly id: string | undefined;
  readonly data: string | undefined;
}

/** Splits the text of a stream of server-sent events, in pieces of any length, into its messages. Each has at most one line of data. */
export function createStreamParser(receive: (message: StreamMessage) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const messages = (rest + text).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      // Unlike `.`, this includes U+2028 and U+2029, which texts of users may contain.
      const id = /^id: ([^\n]*)$/m.exec(message)?.[1];
      const data = /^data: ([^\n]*)$/m.exec(message)?.[1];
      if (id !== undefined || data !== undefined) receive({ id, data });
    }
  };
}

/** Waits for this time, or until the tab becomes visible. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', endIfVisible);
      resolve();
    };
    const endIfVisible = (): void => {
      if (!document.hidden) end();
    };
    const timer = setTimeout(end, ms);
    document.addEventListener('visibilitychange', endIfVisible);
  });
}
