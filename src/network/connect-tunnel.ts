import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { codeOf, messageOf } from '../base/errors.ts';
import { formatHostPort, type HostPort } from './address.ts';
import { tlsOptions, untilConnected } from './connect.ts';
import type { ProxyDecision } from './proxy.ts';
import { looksLikeTls, speaksSocks } from './detect-protocol.ts';

export type Proxy = Extract<ProxyDecision, { readonly kind: 'proxy' }>;

/** The step at which a tunnel failed. `proxy-answer`: the proxy answered, but not with 2xx. */
export type TunnelStage = 'proxy-dns' | 'proxy-connect' | 'proxy-tls' | 'proxy-answer';

export interface TunnelOptions {
  /** Sent to the proxy by name, because perhaps only the proxy can resolve it. */
  readonly target: HostPort;
  readonly proxy: Proxy;
  /** All authorities to trust for an `https:` proxy, as PEM or as a context. Default: the runtime's own. */
  readonly ca?: readonly string[] | undefined;
  readonly secureContext?: (() => tls.SecureContext) | undefined;
  /** For all steps together. Without it, only `signal` ends them. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A tunnel that could not be opened. `code` is Node's, or one of `PROXY_STATUS` (see `status`), `PROXY_SPEAKS_TLS`, `PROXY_SPEAKS_SOCKS`,
 * `PROXY_NOT_HTTP`, `PROXY_CLOSED`, `ETIMEDOUT` and `ABORT_ERR`.
 */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly stage: TunnelStage;
  readonly code: string;
  readonly status: number | undefined;
  /** Address of the proxy, safe to print, and the setting or variable that it comes from. */
  readonly proxy: string;
  readonly source: string;

  constructor(
    stage: TunnelStage,
    code: string,
    message: string,
    about: { readonly status?: number | undefined; readonly proxy?: Proxy; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: about.cause });
    this.stage = stage;
    this.code = code;
    this.status = about.status;
    this.proxy = about.proxy?.displayUrl ?? '';
    this.source = about.proxy?.source ?? '';
  }
}

interface ProxyAddress extends HostPort {
  readonly secure: boolean;
}

function parseProxyAddress(proxy: Proxy): ProxyAddress {
  const url = new URL(proxy.url);
  const secure = url.protocol === 'https:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
  };
}

/** Sends CONNECT, and resolves to the status of the response. The bytes after its head stay in the socket. */
async function requestTunnel(socket: net.Socket, target: HostPort, { credentials }: Proxy): Promise<number> {
  const authority = formatHostPort(target);
  const login = credentials && Buffer.from(credentials.reveal(), 'utf8').toString('base64');
  const request = http.request({
    createConnection: () => socket,
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...(login !== undefined && { 'Proxy-Authorization': `Basic ${login}` }) },
    // Some proxies end lines of the head in their own way.
    insecureHTTPParser: true,
  });
  // By default, Node asks for the end of the connection.
  request.removeHeader('Connection');
  request.end();
  try {
    const [response, , rest] = (await once(request, 'connect')) as [IncomingMessage, net.Socket, Buffer];
    if (rest.length > 0) socket.unshift(rest);
    return response.statusCode ?? 0;
  } catch (error) {
    const { code = '', syscall, rawPacket } = error as NodeJS.ErrnoException & { readonly rawPacket?: Buffer };
    if (code === 'ECONNRESET' && syscall === undefined)
      throw new TunnelError('proxy-answer', 'PROXY_CLOSED', 'closed without a response');
    if (!code.startsWith('HPE_')) throw error;
    const isTls = rawPacket?.[0] === 0x15 || rawPacket?.[0] === 0x16;
    throw new TunnelError('proxy-answer', isTls ? 'PROXY_SPEAKS_TLS' : 'PROXY_NOT_HTTP', 'the response is not HTTP');
  }
}

async function classifyError(error: unknown, stage: TunnelStage, proxy: Proxy): Promise<TunnelError> {
  const address = parseProxyAddress(proxy);
  const about = { proxy, cause: error };
  const code = codeOf(error) ?? 'UNKNOWN';
  const closed = code === 'PROXY_CLOSED' || code === 'ECONNRESET' || code === 'EPIPE';
  if (stage === 'proxy-answer' && !address.secure) {
    const mismatch = (kind: string, message: string): TunnelError => new TunnelError(stage, kind, message, about);
    // Only after the proxy closed the connection on plain text.
    if (closed && (await looksLikeTls(address)))
      return mismatch('PROXY_SPEAKS_TLS', 'the proxy expects TLS, but its address starts with http://');
    if ((closed || code === 'PROXY_NOT_HTTP') && (await speaksSocks(address)))
      return mismatch('PROXY_SPEAKS_SOCKS', 'the proxy speaks SOCKS, not HTTP');
  }
  if (error instanceof TunnelError) {
    return new TunnelError(error.stage, error.code, error.message, { ...about, status: error.status });
  }
  const syscall = error instanceof Error ? (error as NodeJS.ErrnoException).syscall : undefined;
  return new TunnelError(syscall === 'getaddrinfo' ? 'proxy-dns' : stage, code, messageOf(error), about);
}

/** Opens a TCP connection to `target` through an HTTP proxy, which resolves the name. Rejects with `TunnelError`, with everything closed. */
export async function openTunnel(options: TunnelOptions): Promise<net.Socket> {
  const { target, proxy, ca, secureContext, timeoutMs, signal } = options;
  const address = parseProxyAddress(proxy);
  const { host, port } = address;
  let stage: TunnelStage = 'proxy-connect';
  const plain = net.connect({ host, port, autoSelectFamilyAttemptTimeout: 1_000 });
  plain.setNoDelay(true);
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const stop = (): void => void plain.destroy();
  for (const one of [signal, limit]) one?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    let socket: net.Socket = await untilConnected(plain, 'connect');
    if (address.secure) {
      stage = 'proxy-tls';
      const overTls = tls.connect({
        ...tlsOptions(host),
        socket: plain,
        ALPNProtocols: ['http/1.1'],
        ca: ca && [...ca],
        secureContext: secureContext?.(),
      });
      socket = await untilConnected(overTls, 'secureConnect');
    }
    stage = 'proxy-answer';
    const status = await requestTunnel(socket, target, proxy);
    if (status < 200 || status > 299) {
      throw new TunnelError('proxy-answer', 'PROXY_STATUS', `the proxy answered ${status}`, { status });
    }
    return socket;
  } catch (error) {
    plain.destroy();
    if (signal?.aborted === true) throw new TunnelError(stage, 'ABORT_ERR', 'stopped', { proxy, cause: signal.reason });
    if (limit?.aborted === true)
      throw new TunnelError(stage, 'ETIMEDOUT', `no answer within ${timeoutMs} ms`, { proxy });
    throw await classifyError(error, stage, proxy);
  } finally {
    for (const one of [signal, limit]) one?.removeEventListener('abort', stop);
  }
}
