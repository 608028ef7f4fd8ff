import type { DiscoveryClient, ReadOperation, ReadParameters } from './types.ts';

/** A client that never sends more than a number of requests, repetitions included. */
export interface BudgetedClient {
  /** Undefined when the budget has no room for the call; rejects as the client does. */
  readonly call: (
    operation: ReadOperation,
    parameters: ReadParameters,
  ) => Promise<{ readonly answer: unknown } | undefined>;
  readonly sent: () => number;
  /** Whether another call fits, those under way counted with all their repetitions. */
  readonly hasRoom: () => boolean;
}

export function withBudget(client: DiscoveryClient, budget: number): BudgetedClient {
  const attempts = client.attempts ?? 1;
  const before = client.requests?.() ?? 0;
  let calls = 0;
  let underWay = 0;
  const sent = (): number => (client.requests === undefined ? calls : client.requests() - before);
  const hasRoom = (): boolean => sent() + (underWay + 1) * attempts <= budget;
  return {
    sent,
    hasRoom,
    call: async (operation, parameters) => {
      if (!hasRoom()) return undefined;
      underWay += 1;
      try {
        return { answer: await client.call(operation, parameters) };
      } finally {
        calls += 1;
        underWay -= 1;
      }
    },
  };
}
