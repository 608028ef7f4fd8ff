import type { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { tlsOptions, untilConnected } from '../network/connect.ts';
import { openTunnel, TunnelError, type TunnelStage } from '../network/connect-tunnel.ts';
import { codeOf, messageOf } from '../base/errors.ts';
import { FRAME_HEADER, httpVersionOf } from '../network/detect-protocol.ts';
import type { ProxyDecision } from '../network/proxy.ts';
import { formatHostPort, type HostPort } from '../network/address.ts';
import type { TlsMaterial } from './material/tls-material.ts';

export interface DialOptions {
  readonly target: HostPort;
  readonly material: TlsMaterial;
  /** Name expected in the server certificate and sent as SNI; the host of the target by default. */
  readonly serverName?: string | undefined;
  /** Connects directly if undefined. */
  readonly proxy?: ProxyDecision | undefined;
  /** All authorities trusted for an `https:` proxy (PEM); those of the runtime by default. */
  readonly proxyCa?: readonly string[] | undefined;
  /** Milliseconds for each step: connect or tunnel, then handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface PeerCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly subjectAltName?: string;
}

type DialStage = 'dns' | 'tcp' | TunnelStage | 'tls';

/** `code` is Node's error code, `ETIMEDOUT` for a timeout, or the code of a `TunnelError`. */
export interface DialFailure {
  readonly stage: DialStage;
  readonly code: string;
  readonly message: string;
  readonly timedOut: boolean;
  /** HTTP status of the proxy's response to CONNECT. */
  readonly proxyStatus?: number;
}

/** Observations from connecting to the engine, without conclusions. */
interface DialFacts {
  /** `host:port` */
  readonly target: string;
  readonly serverName: string;
  /** The proxy, if one was used: its address without the password, and the source of the setting. */
  readonly proxy?: { readonly displayUrl: string; readonly source: string };
  /** Addresses that the host name resolved to; absent with a proxy, which resolves names itself. */
  readonly addresses?: readonly string[];
  readonly connectMs?: number;
  readonly handshakeMs?: number;
  /** `TLSv1.3`, `TLSv1.2` */
  readonly protocol?: string;
  /** The negotiated protocol, or `none`. */
  readonly alpn?: string;
  /** Leaf first. */
  readonly peer?: readonly PeerCertificate[];
  /** Whether the server's chain and name are trusted; if not, `authorizationError` is Node's code. */
  readonly authorized?: boolean;
  readonly authorizationError?: string;
  readonly failure?: DialFailure;
}

type DialResult =
  | { readonly ok: true; readonly socket: tls.TLSSocket; readonly facts: DialFacts }
  | { readonly ok: false; readonly facts: DialFacts };

function failureOf(error: unknown, stage: DialStage, signal: AbortSignal | undefined): DialFailure {
  if (error instanceof TunnelError) {
    const { code, message, status } = error;
    const timedOut = code === 'ETIMEDOUT';
    return { stage: error.stage, code, message, timedOut, ...(status !== undefined && { proxyStatus: status }) };
  }
  if (signal?.aborted === true) return { stage, code: 'ABORT_ERR', message: 'stopped', timedOut: false };
  const code = codeOf(error) ?? 'UNKNOWN';
  const syscall = error instanceof Error ? (error as NodeJS.ErrnoException).syscall : undefined;
  return {
    stage: syscall === 'getaddrinfo' ? 'dns' : stage,
    code,
    message: messageOf(error),
    timedOut: code === 'ETIMEDOUT',
  };
}

async function connectDirect(options: DialOptions, addresses: string[]): Promise<net.Socket> {
  const socket = net.connect({ ...options.target, autoSelectFamilyAttemptTimeout: 1_000 });
  socket.setNoDelay(true);
  socket.on('lookup', (_error: Error | null, address: string | undefined) => {
    if (address !== undefined) addresses.push(address);
  });
  return await untilConnected(socket, 'connect', options);
}

function peerChain(socket: tls.TLSSocket): readonly PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  let at: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (at !== undefined && chain.length < 8) {
    const { subject, issuer, validFrom, validTo, subjectAltName } = at;
    chain.push({ subject, issuer, validFrom, validTo, ...(subjectAltName === undefined ? {} : { subjectAltName }) });
    at = at.issuerCertificate;
  }
  return chain;
}

/**
 * Connects to the engine, directly or through the proxy, and completes the TLS handshake with ALPN h2 and the client certificate.
 * An untrusted server certificate does not end the handshake, so that it can be described, but only a trusted socket is returned.
 * Never rejects: failures are in `facts.failure` or `facts.authorized`.
 */
export async function dialEngine(options: DialOptions): Promise<DialResult> {
  const { target, material, timeoutMs, signal, proxyCa, serverName = target.host } = options;
  const proxy = options.proxy?.kind === 'proxy' ? options.proxy : undefined;
  const addresses: string[] = [];
  let facts: DialFacts = {
    target: formatHostPort(target),
    serverName,
    ...(proxy && { proxy: { displayUrl: proxy.displayUrl, source: proxy.source } }),
  };
  let stage: DialStage = 'tcp';
  let plain: net.Socket | undefined;
  const started = performance.now();
  try {
    plain =
      proxy === undefined
        ? await connectDirect(options, addresses)
        : await openTunnel({ target, proxy, timeoutMs, signal, ca: proxyCa });
    const connectedAt = performance.now();
    facts = { ...facts, ...(addresses.length > 0 && { addresses: [...addresses] }), connectMs: connectedAt - started };
    stage = 'tls';
    const socket = tls.connect({
      ...tlsOptions(serverName),
      socket: plain,
      cert: material.cert,
      key: material.key,
      ca: [...material.ca],
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    });
    await untilConnected(socket, 'secureConnect', options);
    facts = {
      ...facts,
      handshakeMs: performance.now() - connectedAt,
      protocol: socket.getProtocol() ?? 'unknown',
      alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? 'none' : socket.alpnProtocol,
      peer: peerChain(socket),
      authorized: socket.authorized,
      // @types/node declares it as an Error, but it is a code at run time.
      ...(socket.authorized ? {} : { authorizationError: String(socket.authorizationError) }),
    };
    if (socket.authorized) return { ok: true, socket, facts };
    socket.destroy();
    return { ok: false, facts };
  } catch (error) {
    plain?.destroy();
    return {
      ok: false,
      facts: {
        ...facts,
        ...(addresses.length > 0 && { addresses: [...addresses] }),
        failure: failureOf(error, stage, signal),
      },
    };
  }
}

/**
 * What the server did after the client completed the handshake. In TLS 1.3, a rejected client certificate shows only here.
 * `http2`: it sent its SETTINGS frame. `http1`: it responded to the HTTP/2 preface with HTTP/1.x. `other`: it sent bytes of another
 * protocol. `alert`: a TLS alert (`code`). `closed`: it closed the connection. `silent`: it sent nothing in time.
 */
type AfterHandshake =
  | { readonly kind: 'http2' | 'http1' | 'other' | 'closed' | 'silent' }
  | { readonly kind: 'alert' | 'error'; readonly code: string; readonly message: string };

export interface HandshakeFacts extends DialFacts {
  readonly after?: AfterHandshake;
}

// RFC 9113 §3.4, followed by an empty SETTINGS frame.
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
/** Milliseconds to listen after the handshake, for each of the two waits. */
const READ_MS = 500;

function describeError(error: Error): AfterHandshake {
  const code = codeOf(error) ?? 'UNKNOWN';
  const reset = code === 'ECONNRESET' || code === 'EPIPE';
  if (reset) return { kind: 'closed' };
  return { kind: code.includes('ALERT') ? 'alert' : 'error', code, message: messageOf(error) };
}

/** Listens first: a write can turn a pending alert into a reset. Then sends the HTTP/2 preface, which some servers (Envoy) wait for. */
async function readAfterHandshake(socket: tls.TLSSocket, signal: AbortSignal | undefined): Promise<AfterHandshake> {
  return await new Promise<AfterHandshake>((resolve) => {
    let bytes = Buffer.alloc(0);
    let timer: NodeJS.Timeout;
    const done = (answer: AfterHandshake): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
      resolve(answer);
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const kind = httpVersionOf(bytes);
      if (kind !== undefined || bytes.length >= FRAME_HEADER) done({ kind: kind ?? 'other' });
    };
    const onEnd = (): void =>
      done(socket.errored ? describeError(socket.errored) : { kind: bytes.length > 0 ? 'other' : 'closed' });
    const onError = (error: Error): void => done(describeError(error));
    const onAbort = (): void => done({ kind: 'silent' });
    timer = setTimeout(() => {
      socket.write(PREFACE);
      timer = setTimeout(() => done({ kind: bytes.length > 0 ? 'other' : 'silent' }), READ_MS);
    }, READ_MS);
    signal?.addEventListener('abort', onAbort, { once: true });
    // Events between the handshake and now have already been emitted.
    if (socket.destroyed) {
      onEnd();
      return;
    }
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  });
}

/** Performs a handshake with the engine like a worker, and observes what the server does right after it. Never rejects. */
export async function probeHandshake(options: DialOptions): Promise<HandshakeFacts> {
  const dialed = await dialEngine(options);
  if (!dialed.ok) return dialed.facts;
  const { socket, facts } = dialed;
  const after = await readAfterHandshake(socket, options.signal);
  socket.destroy();
  return { ...facts, after };
}
