/** `unknown`: could not tell (a time-out, a server that is busy). `crash`: the check itself failed. */
export type CheckState = 'pass' | 'warn' | 'fail' | 'skip' | 'unknown' | 'crash';

/** Which part of the chain a check looks at. */
export type Plane = 'settings' | 'files' | 'rest' | 'clock' | 'token' | 'tls' | 'engine' | 'pollers' | 'project';

export type Fact = string | number | boolean | readonly string[];
/** What was seen, by name; never a secret. Text may come from a server: it is data, whoever prints it escapes it. */
export type Facts = Readonly<Record<string, Fact>>;

/** The one thing that explains what was seen. `verdict` is the state it leads to. */
export interface Cause {
  /** Permanent, kebab case, e.g. `engine-host-not-found`. */
  readonly code: string;
  readonly verdict: 'fail' | 'warn' | 'unknown';
  /** One sentence. */
  readonly text: string;
}

/** Something to do next; `command` can be pasted into a shell. */
export interface Advice {
  readonly text: string;
  readonly command?: string;
}

/** Why a check was not made: a dependency did not pass, it has nothing to look at, the engine does not let us look, or the caller left it out. */
export type SkipReason = 'blocked' | 'not-applicable' | 'restricted' | 'excluded';

/** A change that `--fix` makes; nothing else ever changes anything. Paths are absolute. */
export type Fix =
  | { readonly kind: 'chmod'; readonly path: string; readonly mode: number }
  /** Adds a line to the `.gitignore` of that folder. */
  | { readonly kind: 'gitignore'; readonly folder: string; readonly line: string };

/** What a check's `run` answers. `found` is what later checks build on. */
export interface Finding<Found> {
  readonly state: Exclude<CheckState, 'crash'>;
  /** One line for the report. */
  readonly summary: string;
  readonly facts?: Facts;
  readonly cause?: Cause;
  readonly advice?: readonly Advice[];
  readonly skipped?: SkipReason;
  /** With `skipped: 'blocked'`: id of the check whose result explains what was seen here, so that a root is told once. */
  readonly blockedBy?: string;
  readonly fixes?: readonly Fix[];
  /** What was made at KuFlow, whatever the check then says of it. */
  readonly created?: string;
  readonly found?: Partial<Found>;
}

export interface CheckContext<Input, Found> {
  readonly input: Input;
  /** What the checks before this one found; only those in `requires` are certain to have ended. */
  readonly found: Readonly<Partial<Found>>;
  /** The result of a check that has ended, as those in `requires` and `after` have. */
  readonly ended: (id: string) => CheckResult | undefined;
  /** Fires when the check's time is up or the whole run is stopped. */
  readonly signal: AbortSignal;
  /** Called when the run ends, or at once when it has ended already. */
  readonly atEnd: (release: () => void) => void;
}

export interface Check<Input, Found> {
  /** `KF-PLANE-nnn`, never used again for something else. */
  readonly id: string;
  readonly title: string;
  readonly plane: Plane;
  /** Anchor of its explanation in the documentation. */
  readonly docs: string;
  /** Ids of checks that come before it in the registry and must not have failed. */
  readonly requires: readonly string[];
  /** Ids of checks that come before it, and that it waits for whatever they say; those that are not part of the run don't count. */
  readonly after?: readonly string[];
  /** Needs no network. */
  readonly offline: boolean;
  /** What it makes at KuFlow, where it makes something. */
  readonly creates?: string;
  readonly timeoutMs: number | ((input: Input) => number);
  /** Says why there is nothing to check with this input; asked before the dependencies are awaited. */
  readonly notApplicable?: (input: Input) => string | undefined;
  readonly run: (context: CheckContext<Input, Found>) => Promise<Finding<Found>>;
}

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly plane: Plane;
  readonly docs: string;
  readonly state: CheckState;
  readonly summary: string;
  readonly facts: Facts;
  readonly cause?: Cause;
  readonly advice: readonly Advice[];
  readonly skipped?: SkipReason;
  readonly fixes?: readonly Fix[];
  /** Id of the check that did not pass and so kept this one from being made: the first of the chain. */
  readonly blockedBy?: string;
  /** What it made at KuFlow. */
  readonly created?: string;
  /** Of an earlier run: it was not checked again. */
  readonly earlier?: true;
  /** Its own time, without that of the checks it waited for. */
  readonly ms: number;
}

export type CheckEvent =
  | { readonly kind: 'check-started'; readonly id: string; readonly title: string }
  | { readonly kind: 'check-finished'; readonly result: CheckResult };
