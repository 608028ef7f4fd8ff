import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { NetworkRelay } from './protocol.ts';

const RETRY_MS = 20;

/** Listens on the Unix socket, and connects each client to the port on loopback as soon as something listens there. */
export async function startRelay({ path, port }: NetworkRelay): Promise<void> {
  // Left behind by a supervisor that was killed.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (client) => void relay(client, port));
  await once(server.listen(path), 'listening');
}

async function relay(client: Socket, port: number): Promise<void> {
  client.on('error', () => undefined);
  const upstream = await connectWhenOpen(client, port);
  const end = (): void => {
    client.destroy();
    upstream?.destroy();
  };
  if (upstream === undefined || client.destroyed) {
    end();
    return;
  }
  const endOnError = (error?: Error | null): void => {
    if (error) end();
  };
  pipeline(client, upstream, endOnError);
  pipeline(upstream, client, endOnError);
}

/** Undefined if it fails for another reason than that nothing is listening yet. */
async function connectWhenOpen(client: Socket, port: number): Promise<Socket | undefined> {
  while (!client.destroyed) {
    const upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    const code = await new Promise<string | undefined>((resolve) => {
      upstream.once('connect', () => resolve(undefined));
      upstream.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    });
    upstream.on('error', () => undefined);
    if (code === undefined) return upstream;
    if (code !== 'ECONNREFUSED') return undefined;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return undefined;
}
