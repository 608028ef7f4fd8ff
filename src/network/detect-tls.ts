import tls from 'node:tls';
import type { HostPort } from './address.ts';

/**
 * Whether a server completes an anonymous TLS handshake (in a second at most). For one that turned plain text away: the cause is
 * then seen, not guessed. Nothing is sent in it. Never rejects.
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
