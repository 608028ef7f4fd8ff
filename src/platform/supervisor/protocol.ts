/** The environment variable with which the command's NODE_OPTIONS pass through the supervisor. */
export const KEPT_NODE_OPTIONS = 'KUFLOW_KEPT_NODE_OPTIONS';

/**
 * The environment variable with the port of the supervisor on Windows, which does not have SIGTERM. A worker connects to it, and shuts down when
 * the supervisor ends the connection. The libraries of the workers read it.
 */
export const SHUTDOWN_PORT = 'KUFLOW_SHUTDOWN_PORT';

/** What the owner sends to the supervisor, as JSON in its only argument. */
export interface SupervisorRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether `command` is a command line for `/bin/sh` or cmd.exe. Then there are no `args`. */
  readonly shell?: boolean | undefined;
  /** Whether `args` are quoted for cmd.exe. */
  readonly isQuoted?: boolean | undefined;
  readonly cwd?: string | undefined;
  /** The process's stdout and stderr are appended to it. Without it they are discarded. */
  readonly logFile?: string | undefined;
  /** Whether the process gets the supervisor's file descriptors 3, 4 and 5 as its stdin, stdout and stderr. */
  readonly inheritStdio: boolean;
  /** Records the pids of this supervisor and its process, once the previously recorded processes are gone. */
  readonly pidFile?: string | undefined;
  /** A folder that the supervisor removes if it outlives its owner. */
  readonly temporaryFolder?: string | undefined;
  /** Set if the supervisor runs in a network without anybody else. */
  readonly network?: SupervisedNetwork | undefined;
  readonly ownerPid: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopGrace: number;
}

/** A network in which the supervisor and its process are alone. */
export interface SupervisedNetwork {
  /** The command that runs a program in it. */
  readonly enter: readonly string[];
  /** Of the sockets. The supervisor removes it if it outlives its owner. */
  readonly folder: string;
  readonly relays: readonly NetworkRelay[];
}

/** Connects a Unix socket to a port of the process. */
export interface NetworkRelay {
  readonly path: string;
  readonly port: number;
}

/** What the supervisor sends to the owner: a line of JSON on its stdout for each message. */
export type SupervisorMessage =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code?: string | undefined }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };
