import net from 'node:net';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { deferred } from '../base/deferred.ts';
import { codeOf, messageOf } from '../base/errors.ts';
import { type EngineTarget, formatTarget } from './target.ts';

/** Where a tunnel stopped. `answer`: the proxy spoke, and did not say 2xx. */
export type TunnelStage = 'proxy-dns' | 'proxy-connect' | 'proxy-tls' | 'proxy-answer';

export interface TunnelOptions {
  /** Sent to the proxy by name: only the proxy may be able to resolve it. */
  readonly target: EngineTarget;
  /** `http:` or `https:`, with user and password when the proxy wants them. */
  readonly proxy: URL;
  /** PEM certificates trusted for an `https:` proxy, in addition to the runtime's own roots. */
  readonly ca?: readonly string[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * A tunnel that was not opened. `code` is Node's, or one of ours: `PROXY_STATUS` (see `status`), `PROXY_SPEAKS_TLS`,
 * `PROXY_NOT_HTTP`, `PROXY_CLOSED`, `PROXY_SCHEME`, `ETIMEDOUT` when the time was up, `ABORT_ERR`.
 */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly stage: TunnelStage;
  readonly code: string;
  readonly status: number | undefined;

  constructor(stage: TunnelStage, code: string, message: string, status?: number) {
    super(message);
    this.stage = stage;
    this.code = code;
    this.status = status;
  }
}

const HEADER_LIMIT = 16 * 1024;

function portOf(proxy: URL): number {
  if (proxy.port !== '') return Number(proxy.port);
  return proxy.protocol === 'https:' ? 443 : 80;
}

const hostOf = (proxy: URL): string => proxy.hostname.replace(/^\[|\]$/g, '');

/** `host:port` of a proxy, never its password. */
export function proxyLabel(proxy: URL): string {
  return formatTarget({ host: hostOf(proxy), port: portOf(proxy) });
}

function connectRequest(target: EngineTarget, proxy: URL): string {
  const authority = formatTarget(target);
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (proxy.username !== '' || proxy.password !== '') {
    const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    lines.push(`Proxy-Authorization: Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Rejects `work` when the time is up or the signal fires; `onLate` then ends what is open. */
async function inTime<T>(
  work: Promise<T>,
  stage: () => TunnelStage,
  options: TunnelOptions,
  onLate: () => void,
): Promise<T> {
  const late = deferred<never>();
  const stop = (code: string, message: string): void => {
    late.reject(new TunnelError(stage(), code, message));
    onLate();
  };
  const timer = setTimeout(() => stop('ETIMEDOUT', `no answer within ${options.timeoutMs} ms`), options.timeoutMs);
  const aborted = (): void => stop('ABORT_ERR', 'stopped');
  options.signal?.addEventListener('abort', aborted, { once: true });
  if (options.signal?.aborted === true) aborted();
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', aborted);
    work.catch(() => undefined);
  }
}

async function connected(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('close', () =>
      reject(Object.assign(new Error('closed before it was connected'), { code: 'ECONNRESET' })),
    );
  });
}

/** Reads the answer's head; bytes after it stay in the socket. */
async function readHead(socket: net.Socket): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    let head = Buffer.alloc(0);
    const done = (act: () => void): void => {
      socket.off('readable', onReadable).off('error', onError).off('end', onEnd).off('close', onEnd);
      act();
    };
    const onReadable = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end >= 0) {
          const rest = head.subarray(end + 4);
          done(() => {
            if (rest.length > 0) socket.unshift(rest);
            resolve(head.subarray(0, end).toString('latin1'));
          });
          return;
        }
        const http = 'HTTP/'.startsWith(head.subarray(0, 5).toString('latin1'));
        if (!http || head.length > HEADER_LIMIT) {
          const first = head[0];
          const code = first === 0x15 || first === 0x16 ? 'PROXY_SPEAKS_TLS' : 'PROXY_NOT_HTTP';
          done(() =>
            reject(
              new TunnelError(
                'proxy-answer',
                code,
                http ? 'the answer has no end of its head' : 'the answer is not HTTP',
              ),
            ),
          );
          return;
        }
      }
    };
    const onError = (error: Error): void => done(() => reject(error));
    const onEnd = (): void =>
      done(() => reject(new TunnelError('proxy-answer', 'PROXY_CLOSED', 'closed without an answer')));
    socket.on('readable', onReadable).on('error', onError).on('end', onEnd).on('close', onEnd);
  });
}

/** Whether the proxy completes an anonymous TLS handshake: asked only after it closed on plain text, so that the cause is seen, not guessed. */
async function speaksTls(proxy: URL): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = tls.connect({ host: hostOf(proxy), port: portOf(proxy), rejectUnauthorized: false });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('secureConnect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

/**
 * Opens a TCP connection to `target` through an HTTP proxy by CONNECT. The host name is left to the proxy.
 * Rejects with `TunnelError`; nothing stays open then.
 */
export async function openTunnel(options: TunnelOptions): Promise<net.Socket> {
  const { proxy } = options;
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
    throw new TunnelError(
      'proxy-connect',
      'PROXY_SCHEME',
      `a ${proxy.protocol}// proxy is not supported, only http:// and https://`,
    );
  }
  let stage: TunnelStage = 'proxy-connect';
  const plain = net.connect({ host: hostOf(proxy), port: portOf(proxy), autoSelectFamilyAttemptTimeout: 1_000 });
  plain.setNoDelay(true);
  let socket: net.Socket = plain;
  const open = async (): Promise<net.Socket> => {
    await connected(plain, 'connect');
    if (proxy.protocol === 'https:') {
      stage = 'proxy-tls';
      const host = hostOf(proxy);
      const ca = options.ca === undefined ? {} : { ca: [...tls.rootCertificates, ...options.ca] };
      socket = tls.connect({
        socket: plain,
        host,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ALPNProtocols: ['http/1.1'],
        ...ca,
      });
      await connected(socket, 'secureConnect');
    }
    stage = 'proxy-answer';
    socket.write(connectRequest(options.target, proxy));
    const head = await readHead(socket);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new TunnelError('proxy-answer', 'PROXY_NOT_HTTP', 'the answer is not HTTP');
    if (status < 200 || status > 299)
      throw new TunnelError('proxy-answer', 'PROXY_STATUS', `the proxy answered ${status}`, status);
    return socket;
  };
  // Kept for the whole life: an error between two awaited steps must not become an uncaught one.
  plain.on('error', () => undefined);
  try {
    return await inTime(
      open(),
      () => stage,
      options,
      () => plain.destroy(),
    );
  } catch (error) {
    plain.destroy();
    throw await classified(error, stage, proxy);
  }
}

async function classified(error: unknown, stage: TunnelStage, proxy: URL): Promise<TunnelError> {
  const code = codeOf(error) ?? 'UNKNOWN';
  const closed = code === 'PROXY_CLOSED' || code === 'ECONNRESET' || code === 'EPIPE';
  if (stage === 'proxy-answer' && proxy.protocol === 'http:' && closed && (await speaksTls(proxy))) {
    return new TunnelError(stage, 'PROXY_SPEAKS_TLS', 'the proxy speaks TLS, and its address says http://');
  }
  if (error instanceof TunnelError) return error;
  const syscall = error instanceof Error ? (error as NodeJS.ErrnoException).syscall : undefined;
  return new TunnelError(syscall === 'getaddrinfo' ? 'proxy-dns' : stage, code, messageOf(error));
}
