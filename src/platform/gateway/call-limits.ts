export interface CallLimits {
  /** Milliseconds past the call's own deadline after which the gateway gives up on a silent server. */
  readonly watchdogGrace: number;
  /** Milliseconds for a call without a deadline. */
  readonly watchdogDefault: number;
  /** Bytes of a request's message, uncompressed. Larger ones are refused. */
  readonly maxMessage: number;
}

/** The message size is the limit of Temporal's server. */
export const CALL_LIMITS: CallLimits = { watchdogGrace: 5000, watchdogDefault: 300_000, maxMessage: 4 * 1024 * 1024 };

/** Large windows on every hop, so that a 4 MB answer does not have to wait for window updates. */
export const STREAM_WINDOW = 1024 * 1024;
export const SESSION_WINDOW = 8 * 1024 * 1024;
/** Limits of a session on either side, in MB and in pairs: gRPC allows many big streams and a lot of metadata. */
export const SESSION_LIMITS = { maxSessionMemory: 256, maxHeaderListPairs: 2000 } as const;
