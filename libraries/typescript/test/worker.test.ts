import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createToken, TokenRenewer } from '../src/internal/engine-token.ts';
import { noMetrics } from '../src/internal/metrics.ts';
import { listenForShutdown } from '../src/internal/program.ts';
import { causeOfEnd } from '../src/internal/worker-runtime.ts';
import { DefaultLogger } from '@temporalio/worker';

const REJECTED = new Error('the engine rejected a call');

/** The tokens of a worker: one that lives for `seconds`, and then a failed renewal. */
async function tokensAfterFailedRenewal(milliseconds: number): Promise<TokenRenewer> {
  let requests = 0;
  const tokens = new TokenRenewer({
    request: async () => {
      requests += 1;
      if (requests > 1) throw new Error('/authentications: no response');
      return createToken('secret', new Date(Date.now() + milliseconds).toISOString());
    },
    logger: new DefaultLogger('ERROR'),
    metrics: noMetrics,
  });
  await tokens.renew();
  await tokens.renew().catch(() => undefined);
  return tokens;
}

describe('a worker that ends by itself', () => {
  it('names the error of the core that gave up', async () => {
    const [message, error] = causeOfEnd(REJECTED, await tokensAfterFailedRenewal(60_000));
    expect(message).toBe("Stopping the worker: Temporal's SDK core stopped unexpectedly");
    expect(error).toBe(REJECTED);
  });

  it('names the failed renewal if its token has expired', async () => {
    const tokens = await tokensAfterFailedRenewal(10);
    await expect.poll(() => tokens.isValid()).toBe(false);
    const [message, error] = causeOfEnd(REJECTED, tokens);
    expect(message).toBe('Stopping the worker: the engine token expired and could not be renewed');
    expect(error).toMatchObject({ message: '/authentications: no response' });
  });
});

describe('a worker on Windows', () => {
  it('shuts down when kuflow ends its connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('KUFLOW_SHUTDOWN_PORT', String((server.address() as AddressInfo).port));
    const onRequest = vi.fn();
    listenForShutdown(onRequest);
    vi.unstubAllEnvs();
    const [connection] = (await once(server, 'connection')) as [Socket];
    expect(onRequest).not.toHaveBeenCalled();
    connection.end();
    await expect.poll(() => onRequest.mock.calls.length).toBe(1);
    server.close();
  });
});
