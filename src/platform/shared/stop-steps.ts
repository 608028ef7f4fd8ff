export type StopStep = () => Promise<void> | void;

/** Undoes a start. */
export interface StopSteps {
  /** Called after each part that started, with what stops it. */
  readonly add: (step: StopStep) => void;
  /**
   * Runs all steps once, the last one first. A step that fails does not keep the others from running. Then rejects with the first failure.
   */
  readonly run: () => Promise<void>;
}

/** Starts parts in order. If one fails, stops those that started, and rejects with the failure of the start. */
export async function startParts<T>(start: (steps: StopSteps) => Promise<T>): Promise<T> {
  const steps: StopStep[] = [];
  let stopping: Promise<void> | undefined;
  const run = (): Promise<void> => (stopping ??= runInReverse(steps));
  try {
    return await start({ add: (step) => steps.push(step), run });
  } catch (error) {
    // The failure of the start is the one to report: what follows from it may fail too.
    await run().catch(() => undefined);
    throw error;
  }
}

async function runInReverse(steps: readonly StopStep[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of [...steps].reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
