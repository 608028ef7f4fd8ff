import type tls from 'node:tls';
import { codeOf, messageOf } from '../../base/errors.ts';
import { dialEngine, type DialFacts, type DialOptions } from './dial.ts';

/**
 * What the server did once the handshake was over for us. With TLS 1.3 a refused client certificate shows only here.
 * `http2`: its SETTINGS frame came. `http1`: it answered the HTTP/2 preface in HTTP/1.x. `other`: bytes of another protocol.
 * `alert`: a TLS alert (`code`). `closed`: it closed without a word. `silent`: nothing in the time given.
 */
export type AfterHandshake =
  | { readonly kind: 'http2' | 'http1' | 'other' | 'closed' | 'silent' }
  | { readonly kind: 'alert' | 'error'; readonly code: string; readonly message: string };

export interface HandshakeFacts extends DialFacts {
  readonly after?: AfterHandshake;
}

export interface HandshakeOptions extends DialOptions {
  /** Milliseconds to listen after the handshake, for each of the two waits; 500 by default. */
  readonly readMs?: number;
}

// RFC 9113 §3.4, followed by an empty SETTINGS frame.
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS = 4;

function protocolOf(bytes: Buffer): AfterHandshake | undefined {
  const start = bytes.subarray(0, 5).toString('latin1');
  if ('HTTP/'.startsWith(start) && bytes.length < 9) return start === 'HTTP/' ? { kind: 'http1' } : undefined;
  if (start === 'HTTP/') return { kind: 'http1' };
  if (bytes.length < 9) return undefined;
  return { kind: bytes[3] === SETTINGS ? 'http2' : 'other' };
}

function refusal(error: Error): AfterHandshake {
  const code = codeOf(error) ?? 'UNKNOWN';
  const reset = code === 'ECONNRESET' || code === 'EPIPE';
  if (reset) return { kind: 'closed' };
  return { kind: code.includes('ALERT') ? 'alert' : 'error', code, message: messageOf(error) };
}

/**
 * Listens first, so that no write of ours can turn a waiting alert into a reset; then sends the HTTP/2 preface,
 * since some servers (Envoy) speak only when spoken to, and listens again.
 */
async function listen(socket: tls.TLSSocket, readMs: number, signal: AbortSignal | undefined): Promise<AfterHandshake> {
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
      const answer = protocolOf(bytes);
      if (answer !== undefined) done(answer);
    };
    const onEnd = (): void =>
      done(socket.errored ? refusal(socket.errored) : { kind: bytes.length > 0 ? 'other' : 'closed' });
    const onError = (error: Error): void => done(refusal(error));
    const onAbort = (): void => done({ kind: 'silent' });
    timer = setTimeout(() => {
      socket.write(PREFACE);
      timer = setTimeout(() => done({ kind: bytes.length > 0 ? 'other' : 'silent' }), readMs);
    }, readMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    // What happened between the handshake and now has been emitted already.
    if (socket.destroyed) {
      onEnd();
      return;
    }
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  });
}

/** A handshake with the engine as a worker makes it, and a look at what the server does right after it. Never rejects. */
export async function probeHandshake(options: HandshakeOptions): Promise<HandshakeFacts> {
  const dialled = await dialEngine(options);
  if (!dialled.ok) return dialled.facts;
  const { socket, facts } = dialled;
  const after = await listen(socket, options.readMs ?? 500, options.signal);
  socket.destroy();
  return { ...facts, after };
}
