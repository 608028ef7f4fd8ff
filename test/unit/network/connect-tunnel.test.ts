import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { openTunnel, type Proxy } from '../../../src/network/connect-tunnel.ts';
import { startTcpServer, type TestServer } from '../../support/engine-server.ts';

const open: TestServer[] = [];
const target = { host: 'engine.kuflow.test', port: 443 };

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function proxyThat(answer: (request: string) => readonly string[], seen: string[] = []): Promise<Proxy> {
  const server = await startTcpServer((socket) => {
    socket.once('data', (chunk: Buffer) => {
      seen.push(chunk.toString());
      const pieces = [...answer(chunk.toString())];
      const next = (): void => {
        const piece = pieces.shift();
        if (piece !== undefined) socket.write(piece, () => setImmediate(next));
      };
      next();
    });
  });
  open.push(server);
  return { kind: 'proxy', url: `http://${server.address}`, displayUrl: `http://${server.address}`, source: 'test' };
}

describe('openTunnel', () => {
  it('asks for the host by name, and keeps bytes of the engine that arrive with the response of the proxy', async () => {
    const seen: string[] = [];
    const proxy = await proxyThat(() => ['HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\nhello'], seen);
    const socket = await openTunnel({
      target,
      proxy: { ...proxy, credentials: new Secret('us:er:pä') },
      timeoutMs: 30_000,
    });
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(chunk.toString()).toBe('hello');
    expect(seen[0]).toBe(
      `CONNECT engine.kuflow.test:443 HTTP/1.1\r\nHost: engine.kuflow.test:443\r\nProxy-Authorization: Basic ${Buffer.from('us:er:pä').toString('base64')}\r\n\r\n`,
    );
  });

  it('reads a response that arrives in many pieces', async () => {
    const proxy = await proxyThat(() => Array.from('HTTP/1.1 200 OK\r\nX: y\r\n\r\n'));
    const socket = await openTunnel({ target, proxy, timeoutMs: 30_000 });
    socket.destroy();
    expect(socket.destroyed).toBe(true);
  });

  it('fails on a head that does not end, after a time or a size limit', async () => {
    const endless = await proxyThat(() => ['HTTP/1.1 200 OK\r\n', `X: ${'y'.repeat(20_000)}\r\n`]);
    await expect(openTunnel({ target, proxy: endless, timeoutMs: 30_000 })).rejects.toMatchObject({
      stage: 'proxy-answer',
      code: 'PROXY_NOT_HTTP',
    });
    const stuck = await proxyThat(() => ['HTTP/1.1 200 OK\r\n']);
    await expect(openTunnel({ target, proxy: stuck, timeoutMs: 100 })).rejects.toMatchObject({
      stage: 'proxy-answer',
      code: 'ETIMEDOUT',
    });
  });

  it('stops when its signal aborts', async () => {
    const stop = new AbortController();
    const proxy = await proxyThat(() => (stop.abort(), []));
    await expect(openTunnel({ target, proxy, timeoutMs: 30_000, signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    await expect(openTunnel({ target, proxy, timeoutMs: 30_000, signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
  });
});
