/** Holds the command's NODE_OPTIONS on their way through the supervisor. */
export const KEPT_NODE_OPTIONS = 'KUFLOW_KEPT_NODE_OPTIONS';

/** What the owner tells the supervisor, as JSON in its only argument. */
export interface SupervisorRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Both outputs of the process are appended to it; thrown away when absent. */
  readonly logFile?: string;
  /** The process gets the supervisor's file descriptors 3, 4 and 5 as its stdin, stdout and stderr. */
  readonly inheritStdio?: boolean;
  /** Names this supervisor and its process; the ones that it named before are waited for. */
  readonly pidFile?: string;
  readonly ownerPid: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopGrace: number;
}

/** What the supervisor tells the owner, one JSON line each on its stdout. */
export type SupervisorMessage =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code?: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };
