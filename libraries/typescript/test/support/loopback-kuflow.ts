import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noMetrics, type Metrics } from '../../src/internal/metrics.ts';
import { createRestClient, type RestClient } from '../../src/internal/rest-client.ts';
import { Secret } from '../../src/internal/secret.ts';

export const APPLICATION_ID = '11111111-2222-4333-8444-555555555555';

/** An HTTP server that answers as KuFlow's API, and a client for it. */
export interface LoopbackKuFlow {
  readonly endpoint: string;
  readonly rest: RestClient;
  close(): Promise<void>;
}

export async function openLoopbackKuFlow(
  respond: RequestListener,
  metrics: Metrics = noMetrics,
): Promise<LoopbackKuFlow> {
  const server = createServer(respond);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2024-06-14`;
  const api = { endpoint, clientId: APPLICATION_ID, clientSecret: new Secret('s') };
  const rest = createRestClient({ api, temporal: { target: 'localhost:1', queue: 'Q', noProxy: '' } }, metrics);
  return {
    endpoint,
    rest,
    close: async () => {
      await rest.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
