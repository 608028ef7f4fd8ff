import type { Json } from '../../base/json.ts';

/**
 * A command for the engine. Added in the transaction that causes it, and removed when the engine has acknowledged it.
 */
export type EngineCommand =
  | { readonly kind: 'start-workflow'; readonly workflowType: string; readonly taskQueue: string; readonly input: Json }
  /** Without a payload, the signal does not have an argument. */
  | { readonly kind: 'signal-workflow'; readonly signalName: string; readonly payload?: Json | undefined }
  | { readonly kind: 'cancel-workflow'; readonly reason: string };

type EngineRequest<Kind> = Omit<Extract<EngineCommand, { readonly kind: Kind }>, 'kind'> & {
  readonly workflowId: string;
  /** The key of a confidential process: input and payload are encrypted with it. */
  readonly encryptionKeyId?: string | undefined;
};

/**
 * The Temporal side of the platform, as the domain uses it. Every call is idempotent, so it can be repeated after a
 * crash.
 */
export interface ProcessEngine {
  /** Starts a process workflow. Succeeds if a workflow with this id was already started. */
  startWorkflow(request: EngineRequest<'start-workflow'>): Promise<void>;
  /** Signals a workflow. Succeeds if the workflow is gone or closed, because then nobody needs the signal. */
  signalWorkflow(request: EngineRequest<'signal-workflow'>): Promise<void>;
  /**
   * Requests cancellation, and terminates the workflow if it has not closed within `terminateAfterMs`. If `signal`
   * aborts, rejects with its reason and leaves the workflow as it is.
   */
  cancelWorkflow(
    request: EngineRequest<'cancel-workflow'> & {
      readonly terminateAfterMs: number;
      readonly signal: AbortSignal;
      /** Called when the request has been acknowledged; from then on the call only waits. */
      readonly requested: () => void;
    },
  ): Promise<void>;
}

export type WorkflowOutcome =
  /** `message`: why the result could not be read; it is null then. */
  | { readonly kind: 'completed'; readonly result: Json; readonly message?: string | undefined }
  | { readonly kind: 'failed' | 'timed-out' | 'canceled' | 'terminated'; readonly message: string }
  | { readonly kind: 'continued' };
