import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { holdPort, choosePort } from '../../../../src/platform/shared/ports.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function hold(host: string, port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

describe('ports', () => {
  it('cannot be used by anybody else while they are held', async () => {
    const { port } = await choosePort({ kind: 'exact', port: 0 }, 1);
    const held = await holdPort(port);
    expect(await holdPort(port)).toBeUndefined();
    expect((await choosePort({ kind: 'preferred', port }, 1)).port).not.toBe(port);
    await held?.close();
    await held?.close();
    expect(await choosePort({ kind: 'exact', port }, 1)).toEqual({ port });
  });

  it('are the preferred ones if they are free', async () => {
    const { port } = await choosePort({ kind: 'exact', port: 0 }, 1);
    expect(await choosePort({ kind: 'exact', port }, 1)).toEqual({ port });
    expect(await choosePort(undefined, port)).toEqual({ port });
  });

  it.each(['127.0.0.1', '::1', '0.0.0.0'])(
    'are rejected with their holder if exact, and skipped if preferred, when %s is in use',
    async (host) => {
      const port = await hold(host);
      const error: unknown = await choosePort({ kind: 'exact', port }, 1).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'KnownError', message: `Port ${port} is not free` });
      const moved = await choosePort({ kind: 'preferred', port }, 1);
      expect(moved.port).not.toBe(port);
      expect(moved.moved?.wanted).toBe(port);
      if (process.platform === 'linux') {
        expect((error as { seen: string }).seen).toContain(`(pid ${process.pid})`);
        expect(moved.moved?.holder).toMatch(new RegExp(`^node.* \\(pid ${process.pid}\\)$`));
      }
    },
  );

  it('are not chosen twice, and are never ones that browsers refuse', async () => {
    const { port } = await choosePort({ kind: 'exact', port: 0 }, 1);
    expect((await choosePort({ kind: 'preferred', port }, 1, [port])).port).not.toBe(port);
    await expect(choosePort({ kind: 'exact', port }, 1, [port])).rejects.toMatchObject({
      seen: 'another part of this platform uses it',
    });
    expect((await choosePort({ kind: 'preferred', port: 6664 }, 1, [6664])).port).toBeGreaterThan(6669);
    for (const blocked of [1, 6000])
      await expect(choosePort({ kind: 'exact', port: blocked }, 1)).rejects.toMatchObject({
        message: `Port ${blocked} cannot be used`,
        seen: 'browsers and Node.js block this port',
      });
  });
});
