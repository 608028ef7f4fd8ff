import type { Command } from 'commander';
import type { Terminal } from '../terminal/terminal.ts';

/** What a command gets from the program: its environment, the terminal, and ways to set the exit status and handle signals. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
  readonly version: string;
  /** How the user calls this program: `npx create-kuflow-worker`, `npx kuflow` or `npx -p create-kuflow-worker kuflow`. */
  readonly invocation: string;
  readonly commands: readonly CommandEntry[];
  /** Command-line arguments, without node and script. */
  readonly argv: readonly string[];
  /**
   * Aborted by Ctrl-C, SIGTERM or SIGHUP with a `KnownError` of status 130 as its reason. A command that calls this must clean up and return
   * soon after the abort. If it never calls this, the process exits at once. A second Ctrl-C always exits at once.
   */
  interruption(): AbortSignal;
  /** For commands that run another command: from now on, every signal goes to `listener`, and none ends this process. */
  passSignals(listener: (signal: NodeJS.Signals) => void): void;
  /**
   * Sets the exit status for when nothing is thrown. An interrupt overrides it with 130, unless `passedOn` is true: then it is the status of
   * another command and is kept.
   */
  setStatus(status: number, passedOn?: boolean): void;
}

/** A command before its module is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Heading in the help. */
  readonly group?: string;
  /** Not shown in the help: called by programs, not by people. */
  readonly hidden?: boolean;
  /** Loads the module of the command; `configure` declares its options and action. */
  readonly load: () => Promise<{ configure(command: Command, context: CommandContext): void }>;
}
