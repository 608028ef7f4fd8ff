import type { Json } from '../base/json.ts';

/** The Temporal side of the platform as the domain sees it. Every call is idempotent: it may be repeated after a crash. */
export interface ProcessEngine {
  /** Starts the process workflow; an already started workflow with this id is success. */
  startWorkflow(request: {
    readonly workflowId: string;
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly input: Json;
  }): Promise<void>;
  /** Signals it; a workflow that is gone or closed is success (the signal has no reader any more). */
  signalWorkflow(request: {
    readonly workflowId: string;
    readonly signalName: string;
    readonly payload: Json;
  }): Promise<void>;
  /**
   * Requests cancellation, and terminates when the workflow has not closed within `terminateAfterMs`. Rejects with the reason
   * of `signal`, with the workflow as it is then.
   */
  cancelWorkflow(request: {
    readonly workflowId: string;
    readonly reason: string;
    readonly terminateAfterMs: number;
    readonly signal: AbortSignal;
    /** Called when the request is acknowledged: from then on the call only waits. */
    readonly requested: () => void;
  }): Promise<void>;
}

export type WorkflowOutcome =
  | { readonly kind: 'completed'; readonly result: Json }
  | { readonly kind: 'failed' | 'timed-out' | 'canceled' | 'terminated'; readonly message: string }
  | { readonly kind: 'continued' };
