import { CancellationScope, TemporalFailure } from '@temporalio/workflow';

/**
 * Runs all calls concurrently, and resolves to their results in order. If a call fails, for example because its task is canceled in KuFlow,
 * the other calls are canceled, both in the workflow and in KuFlow. The returned promise then rejects with that failure.
 */
export function all<Results extends readonly unknown[]>(
  ...calls: { readonly [Index in keyof Results]: () => Promise<Results[Index]> }
): Promise<Results> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const running = calls.map(async (call) => call());
    try {
      return (await Promise.all(running)) as unknown as Results;
    } catch (error) {
      // Any other error fails the workflow task, and the calls continue when the code is fixed.
      if (error instanceof TemporalFailure) {
        scope.cancel();
        await Promise.allSettled(running);
      }
      throw error;
    }
  });
}
