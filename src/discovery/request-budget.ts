import type { AnswerOf, CallParts } from '../kuflow/call-types.ts';
import { createKuFlowClient, type KuFlowClientOptions } from '../kuflow/client.ts';
import type { OperationId } from '../kuflow/contract/operations.ts';

export type ApiAccess = Omit<KuFlowClientOptions, 'retry' | 'onRequest' | 'signal'>;

/** A client that never exceeds a number of requests, including retries. */
export interface BudgetedClient {
  /** Undefined if the call does not fit the budget. Rejects like the client. */
  readonly call: <Id extends OperationId>(operation: Id, parts: CallParts<Id>) => Promise<AnswerOf<Id> | undefined>;
  /** HTTP requests sent so far, including retries. */
  readonly sent: () => number;
  /** Whether another call fits the budget, assuming that all pending calls use all their retries. */
  readonly hasRoom: () => boolean;
}

/** The most requests that a discovery sends, unless more instances are requested. */
export const REQUEST_BUDGET = 30;
/** The most list calls of a discovery; the rest of the budget is for reading instances. */
export const LIST_CALLS = 4;
export const LISTING_BUDGET = 10;
/** The most requests that one call sends. Retries count against the budget, so there is at most one. */
export const ATTEMPTS = 2;

export async function withBudget<Result>(
  access: ApiAccess,
  { budget, signal }: { readonly budget: number; readonly signal: AbortSignal | undefined },
  use: (client: BudgetedClient) => Promise<Result>,
): Promise<Result> {
  let sent = 0;
  let pending = 0;
  const onRequest = (): void => {
    sent += 1;
  };
  const client = createKuFlowClient({ ...access, retry: { attempts: ATTEMPTS }, onRequest, signal });
  const hasRoom = (): boolean => sent + (pending + 1) * ATTEMPTS <= budget;
  try {
    return await use({
      sent: () => sent,
      hasRoom,
      call: async (operation, parts) => {
        if (!hasRoom()) return undefined;
        pending += 1;
        try {
          return (await client.call(operation, parts)).body;
        } finally {
          pending -= 1;
        }
      },
    });
  } finally {
    await client.close();
  }
}
