import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';

/** Large windows on every hop: a 4 MB answer needs no round trip of window updates. */
export const STREAM_WINDOW = 1024 * 1024;
export const SESSION_WINDOW = 8 * 1024 * 1024;
/** Limits of one session, shared by both sides: many big streams (MB) and much metadata (pairs) are legal in gRPC. */
export const SESSION_LIMITS = { maxSessionMemory: 256, maxHeaderListPairs: 2000 } as const;

export interface Upstream {
  readonly authority: string;
  /** A session that takes new requests, made when there is none; a failed connection shows on its streams. */
  session(): ClientHttp2Session;
  /** Forgets a session that can't be used any more; streams in flight on it may finish. */
  retire(session: ClientHttp2Session): void;
  close(): void;
}

/** One cleartext HTTP/2 session at a time to Temporal, replaced when the server sends GOAWAY, closes or restarts. */
export function openUpstream(address: { readonly host: string; readonly port: number }): Upstream {
  const authority = `${address.host}:${address.port}`;
  const open = new Set<ClientHttp2Session>();
  let current: ClientHttp2Session | undefined;

  function retire(session: ClientHttp2Session): void {
    if (current === session) current = undefined;
  }

  function connectAnew(): ClientHttp2Session {
    const session = connect(`http://${authority}`, {
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      ...SESSION_LIMITS,
    });
    open.add(session);
    session.on('connect', () => {
      session.setLocalWindowSize(SESSION_WINDOW);
    });
    session.on('goaway', () => {
      retire(session);
    });
    // What went wrong reaches each of its streams; here it only must not be unhandled.
    session.on('error', () => {
      retire(session);
    });
    session.on('close', () => {
      retire(session);
      open.delete(session);
    });
    return session;
  }

  return {
    authority,
    session: () => {
      if (current === undefined || current.closed || current.destroyed) current = connectAnew();
      return current;
    },
    retire,
    close: () => {
      for (const session of open) session.destroy();
    },
  };
}
