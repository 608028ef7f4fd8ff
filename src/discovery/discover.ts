import { createKuFlowClient, type KuFlowClientOptions } from '../kuflow/client.ts';
import { LIST_CALLS, discoverProcess } from './discover-process.ts';
import { listProcesses } from './list-processes.ts';
import type { Discovery, DiscoveryClient, DiscoveryRequest, ProcessListing } from './types.ts';

export type ApiAccess = Omit<KuFlowClientOptions, 'retry' | 'onRequest' | 'signal'>;

/** The most requests that a discovery sends, unless more instances are requested. */
export const REQUEST_BUDGET = 30;
/** Instances to read if the user agrees without giving a number. */
export const DEFAULT_SAMPLE = 25;

// Retries count against the budget, so there is at most one.
const ATTEMPTS = 2;
const LISTING_BUDGET = 10;

/** In at most 30 requests, or 5 more than `sample`. Keeps no values. Rejects with `KuFlowApiError` if credentials or connection fail. */
export async function discover(
  access: ApiAccess,
  options: Omit<DiscoveryRequest, 'client' | 'budget'>,
): Promise<Discovery> {
  const budget = Math.max(REQUEST_BUDGET, options.sample + LIST_CALLS + ATTEMPTS - 1);
  return await withClient(access, options.signal, (client) => discoverProcess({ ...options, client, budget }));
}

/** Lists the definitions that have visible processes, in at most 10 requests. Rejects like `discover`. */
export async function discoverDefinitions(
  access: ApiAccess,
  options: Pick<DiscoveryRequest, 'tenant' | 'report' | 'signal'>,
): Promise<ProcessListing> {
  return await withClient(access, options.signal, (client) =>
    listProcesses({ ...options, client, budget: LISTING_BUDGET }),
  );
}

async function withClient<Result>(
  access: ApiAccess,
  signal: AbortSignal | undefined,
  use: (client: DiscoveryClient) => Promise<Result>,
): Promise<Result> {
  let requests = 0;
  const client = createKuFlowClient({
    ...access,
    retry: { attempts: ATTEMPTS },
    onRequest: () => {
      requests += 1;
    },
    signal,
  });
  try {
    return await use({
      requests: () => requests,
      attempts: ATTEMPTS,
      call: async (operation, parameters) => {
        const path = parameters.path ?? {};
        const { body } = await client.call(operation, { ...parameters, path });
        return body;
      },
    });
  } finally {
    await client.close();
  }
}
