import { useEffect, useState } from 'preact/hooks';
import type { LiveEvent } from '../../platform/shared/contract.ts';
import { followEvents, RESET, type ConnectionState, type StreamNews } from './reconnect.ts';

const NAME = 'kuflow-live-events';
/** How long a tab waits for the leader to answer before it opens a stream itself. */
const LEADER_ANSWERS_MS = 2_000;
/** A tab that was hidden for longer, or a machine that slept for longer, reads everything again. */
const LONG_AWAY_MS = 10_000;
/** How often a tab checks whether the machine slept. */
const TICK_MS = 5_000;

type TabMessage = StreamNews | { readonly kind: 'hello' };

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
 * Connects this tab to the live events until it is closed; call it once. A browser opens six connections to one origin at most, so that all
 * tabs share the stream of one of them, the holder of a lock. Without locks (they need a secure context), each visible tab has its own stream.
 */
export function connectLiveEvents(): void {
  if ('locks' in navigator && typeof BroadcastChannel === 'function') shareStream();
  else followWhileVisible();
  watchAbsence();
}

function shareStream(): void {
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
  const askLeader = (): void => {
    if (leads || own !== undefined || waiting !== undefined || document.hidden) return;
    send({ kind: 'hello' });
    // The tab of the leader may be frozen by the browser.
    waiting = setTimeout(() => {
      waiting = undefined;
      if (leads || document.hidden) return;
      own = new AbortController();
      void followEvents(lastId, applyNews, own.signal);
    }, LEADER_ANSWERS_MS);
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

  void navigator.locks
    .request(NAME, async () => {
      leads = true;
      stopOwn();
      const tell = (news: StreamNews): void => {
        applyNews(news);
        send(news);
      };
      await followEvents(lastId, tell, new AbortController().signal);
      leads = false;
    })
    .catch(() => undefined);
  document.addEventListener('visibilitychange', askLeader);
  askLeader();
}

function followWhileVisible(): void {
  let current: AbortController | undefined;
  const follow = (): void => {
    if (document.hidden) {
      current?.abort();
      current = undefined;
    } else if (current === undefined) {
      current = new AbortController();
      void followEvents(lastId, applyNews, current.signal);
    }
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}

function watchAbsence(): void {
  let hiddenAt: number | undefined;
  let tick = Date.now();
  const check = (): void => {
    const away = Date.now() - tick > LONG_AWAY_MS + TICK_MS;
    tick = Date.now();
    if (away && !document.hidden) readAgain();
  };
  const onVisibility = (): void => {
    if (document.hidden) hiddenAt = Date.now();
    else if (hiddenAt !== undefined && Date.now() - hiddenAt > LONG_AWAY_MS) readAgain();
  };
  setInterval(check, TICK_MS);
  document.addEventListener('visibilitychange', onVisibility);
}
