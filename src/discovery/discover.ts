import { createKuFlowClient, type KuFlowClientOptions } from '../kuflow/client.ts';
import { LIST_CALLS, discoverProcess } from './discover-process.ts';
import { listProcesses } from './list-processes.ts';
import type { Discovery, DiscoveryClient, DiscoveryEvent, ProcessListing } from './types.ts';

/** How to reach KuFlow. */
export type ApiAccess = Omit<KuFlowClientOptions, 'retry' | 'onRequest' | 'signal'>;

/** Requests that a discovery sends at most unless more instances are asked for. */
export const REQUEST_BUDGET = 30;
/** Instances that are read when a person agrees and names no number. */
export const DEFAULT_SAMPLE = 25;

// Each repetition counts against the budget, so there is one at most.
const ATTEMPTS = 2;
const LISTING_BUDGET = 10;

export interface DiscoverOptions {
  readonly code: string;
  /** Tenant id. */
  readonly tenant?: string;
  /** Instances to read for their keys and types; 0 reads none. */
  readonly sample: number;
  readonly report?: (event: DiscoveryEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * Finds out from KuFlow's API what a process is made of, in at most 30 requests or, if more instances are asked for, 5 more than
 * these. No value of an instance is kept. Rejects with `KuFlowApiError` when credentials or the connection fail.
 */
export async function discover(access: ApiAccess, options: DiscoverOptions): Promise<Discovery> {
  const budget = Math.max(REQUEST_BUDGET, options.sample + LIST_CALLS + ATTEMPTS - 1);
  return await withClient(access, options.signal, (client) => discoverProcess({ ...options, client, budget }));
}

/** Lists the definitions that have visible processes, in at most 10 requests. Rejects as `discover` does. */
export async function discoverDefinitions(
  access: ApiAccess,
  options: Omit<DiscoverOptions, 'code' | 'sample'>,
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
    ...(signal === undefined ? {} : { signal }),
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
