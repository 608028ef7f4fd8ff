import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import { openTunnel } from '../network/connect-tunnel.ts';
import type { ProxyDecision } from '../network/proxy.ts';

export interface ConnectorOptions {
  readonly proxy: ProxyDecision;
  /** Trust for every hop: to the proxy, through it, and direct. The runtime's own when absent. */
  readonly secureContext?: () => SecureContext;
  /** Milliseconds for all steps of one connection together. */
  readonly timeout: number;
}

export interface Connector {
  readonly connect: buildConnector.connector;
  /** Aborts pending connections. */
  close(): void;
}

/** Waits for an event of a socket. An error, an early end or the signal rejects and destroys the socket. */
function ready(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off(event, done).off('error', failed).off('close', closed);
      signal.removeEventListener('abort', aborted);
      act();
    };
    const fail = (error: Error): void => {
      settle(() => {
        socket.on('error', () => undefined).destroy();
        reject(error);
      });
    };
    const done = (): void => {
      settle(() => {
        resolve(socket);
      });
    };
    const failed = (error: Error): void => {
      fail(error);
    };
    const closed = (): void => {
      fail(Object.assign(new Error('closed before it was established'), { code: 'ECONNRESET' }));
    };
    const aborted = (): void => {
      fail(signal.reason as Error);
    };
    socket.on(event, done).on('error', failed).on('close', closed);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
  });
}

function overTls(
  context: SecureContext | undefined,
  host: string,
  options: { readonly port: number } | { readonly socket: Socket },
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTls({
    ...options,
    host,
    // An IP address must not be sent as a server name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(context === undefined ? {} : { secureContext: context }),
    ALPNProtocols: ['http/1.1'],
    // By default, NODE_TLS_REJECT_UNAUTHORIZED decides.
    rejectUnauthorized: true,
  });
  return ready(socket, 'secureConnect', signal);
}

/**
 * Creates the connections of the transport. undici's proxy agent is not used: when a proxy closes the connection without an answer to
 * CONNECT, it retries endlessly without a pause and ignores the signal of the call.
 */
export function createConnector({ proxy, secureContext, timeout }: ConnectorOptions): Connector {
  const closing = new AbortController();

  async function establish(host: string, port: number, secure: boolean, signal: AbortSignal): Promise<Socket> {
    if (proxy.kind === 'direct') {
      return secure
        ? overTls(secureContext?.(), host, { port }, signal)
        : ready(connectTcp({ host, port }), 'connect', signal);
    }
    const tunnel = await openTunnel({
      target: { host, port },
      proxy,
      signal,
      ...(secureContext && { secureContext }),
    });
    return secure ? overTls(secureContext?.(), host, { socket: tunnel }, signal) : tunnel;
  }

  async function connect(host: string, port: number, secure: boolean): Promise<Socket> {
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort(Object.assign(new Error(`no connection within ${timeout} ms`), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
    }, timeout);
    try {
      const socket = await establish(host, port, secure, AbortSignal.any([limit.signal, closing.signal]));
      return socket.setNoDelay(true).setKeepAlive(true, 60_000);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    connect: ({ hostname, port, protocol }, callback) => {
      const secure = protocol === 'https:';
      connect(hostname, Number(port === '' ? (secure ? 443 : 80) : port), secure).then(
        (socket) => {
          callback(null, socket);
        },
        (error: unknown) => {
          callback(error as Error, null);
        },
      );
    },
    close: () => {
      closing.abort(Object.assign(new Error('the client was closed'), { code: 'ECONNABORTED' }));
    },
  };
}
