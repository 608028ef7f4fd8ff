import { createKuFlowClient, type KuFlowClient, type KuFlowClientOptions } from '../kuflow/client.ts';
import type { RestConnection } from './require.ts';

/** A client of KuFlow's REST API for this connection. Close it when done. */
export function connectToKuFlow(
  rest: RestConnection,
  options: Omit<KuFlowClientOptions, keyof RestConnection> = {},
): KuFlowClient {
  return createKuFlowClient({ ...rest, ...options });
}
