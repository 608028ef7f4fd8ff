import type { Json } from '../../base/json.ts';

/**
 * A command for the engine. Added in the transaction that causes it, and removed when the engine has acknowledged it.
 */
export type EngineCommand =
  | { readonly kind: 'start-workflow'; readonly workflowType: string; readonly taskQueue: string; readonly input: Json }
  /** Without a payload, the signal does not have an argument. */
  | { readonly kind: 'signal-workflow'; readonly signalName: string; readonly payload?: Json | undefined }
  | { readonly kind: 'cancel-workflow'; readonly reason: string };

export type EngineRequest<Kind> = Omit<Extract<EngineCommand, { readonly kind: Kind }>, 'kind'> & {
  readonly workflowId: string;
  /** The key of a confidential process: input and payload are encrypted with it. */
  readonly encryptionKeyId?: string | undefined;
};

export type WorkflowOutcome =
  /** `message`: why the result could not be read; it is null then. */
  | { readonly kind: 'completed'; readonly result: Json; readonly message?: string | undefined }
  | { readonly kind: 'failed' | 'timed-out' | 'canceled' | 'terminated'; readonly message: string }
  | { readonly kind: 'continued' };
