import { isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { deferred } from '../base/async.ts';

/** The options of a TLS connection to this host or address. */
export function tlsOptions(host: string): ConnectionOptions {
  return {
    host,
    // An IP address must not be sent as a server name.
    ...(isIP(host) === 0 && { servername: host }),
    // By default, NODE_TLS_REJECT_UNAUTHORIZED decides.
    rejectUnauthorized: true,
  };
}

/**
 * Waits until a socket is connected. Destroys it and rejects on an error, a close (ECONNRESET), when the signal aborts (its reason), or after
 * `timeoutMs` (ETIMEDOUT).
 */
export async function untilConnected<T extends Socket>(
  socket: T,
  event: 'connect' | 'secureConnect',
  { signal, timeoutMs }: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<T> {
  const { promise, resolve, reject } = deferred<undefined>();
  const fail = (code: string, message: string): void => reject(Object.assign(new Error(message), { code }));
  const onEvent = (): void => resolve(undefined);
  const onClose = (): void => fail('ECONNRESET', 'the connection was closed');
  const onAbort = (): void => reject(signal?.reason);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => fail('ETIMEDOUT', `no response within ${timeoutMs} ms`), timeoutMs);
  // The listener for errors stays, so that an error between two awaited steps is never uncaught.
  socket.once(event, onEvent).on('error', reject).once('close', onClose);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    socket.off(event, onEvent).off('close', onClose);
  }
}
