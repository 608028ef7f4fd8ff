import net from 'node:net';
import tls from 'node:tls';
import type { HostPort } from './address.ts';
import { tlsOptions } from './connect.ts';

/** Milliseconds for each probe. */
const PROBE_MS = 1_000;

/** Whether a server that rejected plain text completes a TLS handshake within a second. Sends no data and never rejects. */
export async function looksLikeTls(address: HostPort): Promise<boolean> {
  return (await probeTls(address, [])) !== undefined;
}

/** Whether a server speaks TLS but only HTTP/2, as a gRPC server does: it negotiates only `h2`. Sends no data and never rejects. */
export async function speaksOnlyHttp2OverTls(address: HostPort): Promise<boolean> {
  const [http1, http2] = await Promise.all([probeTls(address, ['http/1.1']), probeTls(address, ['h2'])]);
  return http2 === 'h2' && http1 !== 'http/1.1';
}

/**
 * What a server without TLS responds to an HTTP/1.1 request without credentials: HTTP/1.x, or the first frame of HTTP/2. Undefined for anything
 * else, or if there is no response within a second. Never rejects.
 */
export async function detectPlainHttp(address: HostPort): Promise<'http1' | 'http2' | undefined> {
  const socket = net.connect(address);
  socket.once('connect', () =>
    socket.write(`OPTIONS * HTTP/1.1\r\nhost: ${address.host}\r\nconnection: close\r\n\r\n`),
  );
  return await readFirst(socket, 'data', httpVersionOf);
}

/** Whether a server greets as a SOCKS 5 proxy (RFC 1928 §3) within a second. Never rejects. */
export async function speaksSocks({ host, port }: HostPort): Promise<boolean> {
  const socket = net.connect({ host, port });
  socket.once('connect', () => socket.write(Buffer.from([5, 1, 0])));
  // The version, and a method or 0xff for none of those offered.
  return (await readFirst(socket, 'data', (bytes) => bytes.length >= 2 && bytes[0] === 5)) ?? false;
}

/** The issuer of the certificate that a TLS server sends, whether or not it is trusted. Undefined if it does not send one within a second. */
export async function findPeerIssuer(address: HostPort): Promise<string | undefined> {
  const socket = connectTls(address, []);
  return await readFirst(socket, 'secureConnect', () => socket.getPeerX509Certificate()?.issuer);
}

/** The negotiated protocol, `none`, or undefined if there is no TLS handshake. */
async function probeTls(address: HostPort, protocols: readonly string[]): Promise<string | undefined> {
  const socket = connectTls(address, protocols);
  return await readFirst(socket, 'secureConnect', () => socket.alpnProtocol || 'none');
}

function connectTls({ host, port }: HostPort, protocols: readonly string[]): tls.TLSSocket {
  return tls.connect({
    ...tlsOptions(host),
    port,
    rejectUnauthorized: false,
    ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
  });
}

/** What `read` returns for the first event of this kind; undefined if the socket fails, ends or is silent for a second before it. */
function readFirst<Answer>(
  socket: net.Socket,
  event: 'data' | 'secureConnect',
  read: (bytes: Buffer) => Answer | undefined,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const done = (answer?: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_MS, () => done());
    socket.once(event, (bytes: Buffer) => done(read(bytes)));
    socket.on('error', () => done());
    socket.once('close', () => done());
  });
}

/** Length of an HTTP/2 frame header in bytes. */
export const FRAME_HEADER = 9;

/**
 * The HTTP version of an answer; undefined if its first bytes do not show one. An HTTP/2 server first sends a SETTINGS frame: type 4, stream 0, a
 * multiple of 6 bytes (RFC 9113 §6.5).
 */
export function httpVersionOf(bytes: Buffer): 'http1' | 'http2' | undefined {
  if (bytes.toString('latin1', 0, 5) === 'HTTP/') return 'http1';
  const isSettings =
    bytes.length >= FRAME_HEADER && bytes.readUIntBE(0, 3) % 6 === 0 && bytes[3] === 4 && bytes.readUInt32BE(5) === 0;
  return isSettings ? 'http2' : undefined;
}
