import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/livez`: the process is running. `/readyz`: `notReady` returns no reason. Port 0 uses any free port. Without a host it listens
 * on all addresses.
 */
export async function startHealthServer(
  port: number,
  notReady: () => string | undefined,
  host?: string,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const respond = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
      response.end(`${body}\n`);
    };
    if (path === '/livez') return respond(200, 'ok');
    if (path !== '/readyz') return respond(404, 'not found');
    const reason = notReady();
    return reason === undefined ? respond(200, 'ok') : respond(503, reason);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
