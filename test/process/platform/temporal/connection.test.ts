import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlatformConnection } from '../../../../src/platform/temporal/connection.ts';
import { until } from '../../../support/until.ts';
import { startUpstream, type UpstreamServer } from '../../../unit/platform/gateway/harness.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const NODE_MAJOR = Number(process.versions.node.split('.')[0]);

describe("the platform's connection to Temporal", () => {
  const folder = mkdtempSync(join(tmpdir(), 'kuflow-connection-'));
  const child = join(folder, 'connection-child.cjs');
  let server: UpstreamServer;

  beforeAll(async () => {
    server = await startUpstream();
    await build({
      entryPoints: [join(ROOT, 'test', 'support', 'connection-child.ts')],
      outfile: child,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
      // Temporal's client reads its own package.json, so it cannot be bundled.
      external: ['@temporalio/*'],
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });

  const followed = (kind: string): unknown => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [child, kind], {
      encoding: 'utf8',
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
    });
    expect(status, stderr).toBe(0);
    return (JSON.parse(stdout) as { followed: boolean }).followed;
  };

  it('does not make Node track every promise, unlike a plain one before Node 24', { timeout: 30_000 }, () => {
    expect(followed('plain')).toBe(NODE_MAJOR < 24);
    expect(followed('platform')).toBe(false);
  });

  it('applies deadline, signal and metadata only to the intended call', async () => {
    const connection = PlatformConnection.lazy({ address: `127.0.0.1:${server.port}` });
    try {
      await Promise.all([
        connection.withMetadata({ 'x-call': 'first' }, () => connection.workflowService.getSystemInfo({})),
        connection.workflowService.getSystemInfo({}),
      ]);
      expect(server.seen.map((headers) => headers['x-call']).sort()).toEqual(['first', undefined]);

      server.handle = () => undefined;
      const ask = (): Promise<unknown> => connection.workflowService.describeNamespace({ namespace: 'n' });
      await expect(connection.withDeadline(Date.now() + 50, ask)).rejects.toMatchObject({ code: 4 });
      const given = new AbortController();
      const asked = connection.withAbortSignal(given.signal, ask);
      await until('the server was asked', () => server.seen.at(-1)?.['temporal-namespace'] === 'n');
      given.abort();
      await expect(asked).rejects.toMatchObject({ code: 1 });
    } finally {
      await connection.close();
    }
  });

  it('cancels a call that waits for its next attempt when the connection is closed', async () => {
    const connection = PlatformConnection.lazy({ address: `127.0.0.1:${server.port}` });
    const before = server.seen.length;
    server.handle = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }, { endStream: true });
    };
    const asked = connection.workflowService.describeNamespace({ namespace: 'n' });
    const refused = expect(asked).rejects.toMatchObject({ code: 1, details: 'The connection is closed' });
    await until('the server has refused the call', () => server.seen.length > before);
    await connection.close();
    await refused;
    // And one that is made later.
    await expect(connection.workflowService.getSystemInfo({})).rejects.toMatchObject({ code: 1 });
  });
});
