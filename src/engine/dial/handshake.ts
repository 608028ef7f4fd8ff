import type tls from 'node:tls';
import { codeOf, messageOf } from '../../base/errors.ts';
import { dialEngine, type DialFacts, type DialOptions } from './dial.ts';

/**
 * What the server did after the client completed the handshake. In TLS 1.3, a rejected client certificate shows only here.
 * `http2`: it sent its SETTINGS frame. `http1`: it responded to the HTTP/2 preface with HTTP/1.x. `other`: it sent bytes of another
 * protocol. `alert`: a TLS alert (`code`). `closed`: it closed the connection. `silent`: it sent nothing in time.
 */
export type AfterHandshake =
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
const SETTINGS = 4;
/** Milliseconds to listen after the handshake, for each of the two waits. */
const READ_MS = 500;

function detectProtocol(bytes: Buffer): AfterHandshake | undefined {
  const start = bytes.subarray(0, 5).toString('latin1');
  if (start === 'HTTP/') return { kind: 'http1' };
  if (bytes.length < 9) return undefined;
  return { kind: bytes[3] === SETTINGS ? 'http2' : 'other' };
}

function describeError(error: Error): AfterHandshake {
  const code = codeOf(error) ?? 'UNKNOWN';
  const reset = code === 'ECONNRESET' || code === 'EPIPE';
  if (reset) return { kind: 'closed' };
  return { kind: code.includes('ALERT') ? 'alert' : 'error', code, message: messageOf(error) };
}

/**
 * Listens before writing, because a write can turn a pending alert into a reset. Then sends the HTTP/2 preface, because some servers
 * (Envoy) wait for the client, and listens again.
 */
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
      const answer = detectProtocol(bytes);
      if (answer !== undefined) done(answer);
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
