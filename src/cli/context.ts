import type { Command } from 'commander';
import type { ForwardedSignal } from '../base/interrupts.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What a command gets from its root: the world, and ways to answer. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
  /** This package's version. */
  readonly version: string;
  /** How a person starts the root that runs now: `npx create-kuflow-worker`, `npx kuflow` or `npx -p create-kuflow-worker kuflow`. */
  readonly invocation: string;
  /** The commands of the root that runs now, for what tells of them. */
  readonly commands: readonly CommandEntry[];
  /** The arguments as given, without node and script. */
  readonly argv: readonly string[];
  /**
   * Aborted by Ctrl-C, SIGTERM or SIGHUP with a `KnownError` of status 130 as its reason. A command that calls this promises to end soon
   * after the abort, its clean-up done; a command that never calls it is ended at once. A second Ctrl-C ends either.
   */
  interruption(): AbortSignal;
  /** For a command that stands for another one: from now on every signal goes to `listener`, the second Ctrl-C too, and none ends this run. */
  passSignals(listener: (signal: ForwardedSignal) => void): void;
  /**
   * The status to exit with when nothing is thrown, 130 after an interrupt; `exec` and its kin pass on any number. `passedOn`: it is that of a
   * command, which stands whatever happened.
   */
  setStatus(status: number, passedOn?: boolean): void;
}

/** A command's own module: declares options and action on the command that the root made for it. */
export interface CommandModule {
  configure(command: Command, context: CommandContext): void;
}

/** A command as the root knows it, before anything of it is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Not in the help: for programs, not for people. */
  readonly hidden?: boolean;
  readonly load: () => Promise<CommandModule>;
}
