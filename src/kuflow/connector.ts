import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import { openTunnel } from '../network/connect-tunnel.ts';
import { tlsOptions, untilConnected } from '../network/connect.ts';
import type { ProxyDecision } from '../network/proxy.ts';

interface ConnectorOptions {
  readonly proxy: ProxyDecision;
  /** Trust for every hop: to the proxy, through it, and direct. The runtime's own when absent. */
  readonly secureContext?: (() => SecureContext) | undefined;
  /** Milliseconds for all steps of one connection together. */
  readonly timeout: number;
}

function overTls(
  context: SecureContext | undefined,
  host: string,
  options: { readonly port: number } | { readonly socket: Socket },
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTls({
    ...tlsOptions(host),
    ...options,
    ...(context && { secureContext: context }),
    ALPNProtocols: ['http/1.1'],
  });
  return untilConnected(socket, 'secureConnect', { signal });
}

/**
 * Creates the connections of the transport. undici's proxy agent is not used: when a proxy closes the connection without an answer to
 * CONNECT, it retries endlessly without a pause and ignores the signal of the call.
 */
export function createConnector({ proxy, secureContext, timeout }: ConnectorOptions) {
  const closing = new AbortController();

  async function establish(host: string, port: number, secure: boolean, signal: AbortSignal): Promise<Socket> {
    if (proxy.kind === 'direct') {
      return secure
        ? overTls(secureContext?.(), host, { port }, signal)
        : untilConnected(connectTcp({ host, port }), 'connect', { signal });
    }
    const tunnel = await openTunnel({ target: { host, port }, proxy, signal, secureContext });
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

  const connector: buildConnector.connector = ({ hostname, port, protocol }, callback) => {
    const secure = protocol === 'https:';
    connect(hostname, Number(port === '' ? (secure ? 443 : 80) : port), secure).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as Error, null),
    );
  };
  return {
    connect: connector,
    /** Aborts pending connections. */
    close: (): void => {
      closing.abort(Object.assign(new Error('the client was closed'), { code: 'ECONNABORTED' }));
    },
  };
}
