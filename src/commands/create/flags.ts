import type { ConnectionFlags } from '../../connection/flags.ts';
import type { ProcessFlags } from '../../cli/process-options.ts';

/** The options of `create` as commander hands them over. */
export interface CreateFlags extends ConnectionFlags, ProcessFlags {
  readonly language?: string;
  readonly definition?: string;
  readonly process?: string;
  /** Instances to read for shapes. */
  readonly sample?: number;
  /** `CODE=KIND`, over what was read. */
  readonly taskKind?: readonly string[];
  /** Codes of all tasks that were read, in order. */
  readonly taskOrder?: readonly string[];
  readonly taskQueue?: string;
  readonly workflowType?: string;
  readonly processId?: string;
  readonly local?: boolean;
  readonly packageManager?: string;
  readonly cliPackage?: string;
  readonly overwrite?: readonly string[];
  readonly install: boolean;
  readonly git: boolean;
  readonly check: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** A `create` as it was called. */
export interface CreateCall {
  readonly folder?: string;
  readonly flags: CreateFlags;
  /** Keys of the flags that were given, those with a default included. */
  readonly given: ReadonlySet<keyof CreateFlags>;
}
