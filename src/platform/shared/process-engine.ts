import type { Json } from '../../base/json.ts';

/**
 * The Temporal side of the platform, as the domain uses it. Every call is idempotent, so it can be repeated after a
 * crash.
 */
export interface ProcessEngine {
  /** Starts a process workflow. Succeeds if a workflow with this id was already started. */
  startWorkflow(request: {
    readonly workflowId: string;
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly input: Json;
    /** The key of a confidential process: `input` is encrypted with it. */
    readonly encryptionKeyId?: string | undefined;
  }): Promise<void>;
  /** Signals a workflow. Succeeds if the workflow is gone or closed, because then nobody needs the signal. */
  signalWorkflow(request: {
    readonly workflowId: string;
    readonly signalName: string;
    /** Without it, the signal does not have an argument. */
    readonly payload?: Json | undefined;
    /** As for `startWorkflow`. */
    readonly encryptionKeyId?: string | undefined;
  }): Promise<void>;
  /**
   * Requests cancellation, and terminates the workflow if it has not closed within `terminateAfterMs`. If `signal`
   * aborts, rejects with its reason and leaves the workflow as it is.
   */
  cancelWorkflow(request: {
    readonly workflowId: string;
    readonly reason: string;
    readonly terminateAfterMs: number;
    readonly signal: AbortSignal;
    /** Called when the request has been acknowledged; from then on the call only waits. */
    readonly requested: () => void;
  }): Promise<void>;
}

export type WorkflowOutcome =
  /** `message`: why the result could not be read; it is null then. */
  | { readonly kind: 'completed'; readonly result: Json; readonly message?: string | undefined }
  | { readonly kind: 'failed' | 'timed-out' | 'canceled' | 'terminated'; readonly message: string }
  | { readonly kind: 'continued' };
