import { connect, type ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { SocketTarget } from '../temporal/private-network.ts';

/** Large windows on every hop, so that a 4 MB answer does not have to wait for window updates. */
export const STREAM_WINDOW = 1024 * 1024;
export const SESSION_WINDOW = 8 * 1024 * 1024;
/** Limits of a session on either side, in MB and in pairs: gRPC allows many big streams and a lot of metadata. */
export const SESSION_LIMITS = { maxSessionMemory: 256, maxHeaderListPairs: 2000 } as const;

/** Keeps one cleartext HTTP/2 session to Temporal, replaced when the server sends GOAWAY, closes or restarts. */
export function openUpstream(target: SocketTarget) {
  const authority = 'path' in target ? 'localhost' : `${target.host}:${target.port}`;
  const openSessions = new Set<ClientHttp2Session>();
  let current: ClientHttp2Session | undefined;

  /** Stops using a session for new requests; streams in flight on it may finish. */
  function retire(session: ClientHttp2Session): void {
    if (current === session) current = undefined;
  }

  function openSession(): ClientHttp2Session {
    const session = connect(`http://${authority}`, {
      createConnection: () => connectSocket({ ...target, noDelay: true }),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      ...SESSION_LIMITS,
    });
    openSessions.add(session);
    session.on('connect', () => session.setLocalWindowSize(SESSION_WINDOW));
    session.on('goaway', () => retire(session));
    // Each stream gets the error too; here it only has to be handled.
    session.on('error', () => retire(session));
    session.on('close', () => {
      retire(session);
      openSessions.delete(session);
    });
    return session;
  }

  return {
    authority,
    /** The session for new requests, opened if necessary. A connection that fails shows on its streams. */
    session: (): ClientHttp2Session => {
      if (current === undefined || current.closed || current.destroyed) current = openSession();
      return current;
    },
    retire,
    close: (): void => {
      for (const session of openSessions) session.destroy();
    },
  };
}

export type Upstream = ReturnType<typeof openUpstream>;
