import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { holdPort, type HeldPort } from '../../../../src/platform/shared/ports.ts';

const servers: Server[] = [];
const held: HeldPort[] = [];
afterEach(async () => {
  await Promise.all(held.splice(0).map((one) => one.close()));
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listenOn(host: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

async function hold(...request: Parameters<typeof holdPort>): Promise<HeldPort> {
  const one = await holdPort(...request);
  held.push(one);
  return one;
}

async function findFreePort(): Promise<number> {
  const free = await holdPort({ kind: 'exact', port: 0 }, 1);
  await free.close();
  return free.port;
}

describe('ports', () => {
  it('cannot be used by anybody else while they are held', async () => {
    const first = await hold({ kind: 'exact', port: 0 }, 1);
    const { port } = first;
    await expect(holdPort({ kind: 'exact', port }, 1)).rejects.toMatchObject({
      message: `Port ${port} is not free`,
      seen: 'it is used by another part of this local KuFlow',
      next: ['Choose another port'],
    });
    const second = await hold({ kind: 'preferred', port }, 1);
    expect(second.port).not.toBe(port);
    expect(second.moved?.wanted).toBe(port);
    await first.close();
    await first.close();
    expect(await hold({ kind: 'exact', port }, 1)).toMatchObject({ port });
  });

  it('are handed to a server without a moment in which another program can get them', async () => {
    const one = await hold({ kind: 'exact', port: 0 }, 1);
    let isServed = false;
    const rival = async (): Promise<void> => {
      while (!isServed) {
        await expect(once(createServer().listen(one.port, '127.0.0.1'), 'listening')).rejects.toMatchObject({
          code: 'EADDRINUSE',
        });
      }
    };
    const server = createServer((socket) => socket.end('served'));
    servers.push(server);
    const serve = async (): Promise<void> => {
      await one.listen(server);
      isServed = true;
    };
    await Promise.all([rival(), serve()]);
    await one.close();
    expect(await text(connect(one.port, '127.0.0.1'))).toBe('served');
    await once(server.close(), 'close');
    expect(await hold({ kind: 'exact', port: one.port }, 1)).toMatchObject({ port: one.port });
  });

  it('are the preferred ones if they are free', async () => {
    const port = await findFreePort();
    const preferred = await hold(undefined, port);
    expect([preferred.port, preferred.moved]).toEqual([port, undefined]);
  });

  it.each(['127.0.0.1', '::1', '0.0.0.0'])(
    'are rejected with their holder if exact, and skipped if preferred, when %s is in use',
    async (host) => {
      const port = await listenOn(host);
      const error: unknown = await holdPort({ kind: 'exact', port }, 1).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'KnownError', message: `Port ${port} is not free` });
      const moved = await hold({ kind: 'preferred', port }, 1);
      expect(moved.port).not.toBe(port);
      expect(moved.moved?.wanted).toBe(port);
      if (process.platform === 'linux') {
        expect((error as { seen: string }).seen).toContain(`(pid ${process.pid})`);
        expect(moved.moved?.holder).toMatch(new RegExp(`^node.* \\(pid ${process.pid}\\)$`));
      }
    },
  );

  it('are never ones that browsers refuse', async () => {
    expect((await hold({ kind: 'preferred', port: 6665 }, 1)).port).toBeGreaterThan(6669);
    for (const blocked of [1, 6000])
      await expect(holdPort({ kind: 'exact', port: blocked }, 1)).rejects.toMatchObject({
        message: `Port ${blocked} cannot be used`,
        seen: 'browsers and Node.js block this port',
      });
  });
});
