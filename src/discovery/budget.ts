import type { DiscoveryClient, ReadOperation, ReadParameters } from './types.ts';

/** A client that never exceeds a number of requests, including retries. */
export interface BudgetedClient {
  /** Undefined if the call does not fit the budget. Rejects like the client. */
  readonly call: (
    operation: ReadOperation,
    parameters: ReadParameters,
  ) => Promise<{ readonly answer: unknown } | undefined>;
  readonly sent: () => number;
  /** Whether another call fits the budget, assuming that all pending calls use all their retries. */
  readonly hasRoom: () => boolean;
}

export function withBudget(client: DiscoveryClient, budget: number): BudgetedClient {
  const attempts = client.attempts ?? 1;
  const before = client.requests?.() ?? 0;
  let calls = 0;
  let pending = 0;
  const sent = (): number => (client.requests === undefined ? calls : client.requests() - before);
  const hasRoom = (): boolean => sent() + (pending + 1) * attempts <= budget;
  return {
    sent,
    hasRoom,
    call: async (operation, parameters) => {
      if (!hasRoom()) return undefined;
      pending += 1;
      try {
        return { answer: await client.call(operation, parameters) };
      } finally {
        calls += 1;
        pending -= 1;
      }
    },
  };
}
