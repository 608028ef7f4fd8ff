import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startHealthServer } from '../../../libraries/typescript/src/internal/health.ts';

/** Whether a port of this machine accepts connections at this address. */
function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

describe('the health server of a worker', () => {
  it('listens only on the address that it is given, and otherwise on all [health.development]', async () => {
    const local = await startHealthServer(0, () => undefined, '127.0.0.1');
    const open = await startHealthServer(0, () => undefined);
    try {
      expect(await accepts('127.0.0.1', local.port)).toBe(true);
      // Another address of this machine.
      expect(await accepts('127.0.0.2', local.port)).toBe(false);
      expect(await accepts('127.0.0.2', open.port)).toBe(process.platform !== 'darwin');
    } finally {
      await Promise.all([local.close(), open.close()]);
    }
  });
});
