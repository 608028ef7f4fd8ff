import tls from 'node:tls';
import type { HostPort } from './address.ts';

/**
 * Whether a server completes a TLS handshake within a second. Call it for a server that rejected plain text, to confirm the cause.
 * Sends no data and never rejects.
 */
export async function looksLikeTls({ host, port }: HostPort): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('secureConnect', () => done(true));
    socket.on('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
