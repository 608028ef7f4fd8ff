/** The options of `create` as commander hands them over. */
export interface CreateFlags {
  readonly language?: string;
  readonly definition?: string;
  readonly process?: string;
  /** Instances to read for shapes. */
  readonly sample?: number;
  readonly task?: readonly string[];
  readonly taskSchema?: readonly string[];
  /** `CODE=KIND`, over what was read. */
  readonly taskKind?: readonly string[];
  /** Codes of all tasks that were read, in order. */
  readonly taskOrder?: readonly string[];
  readonly metadataSchema?: string;
  readonly taskQueue?: string;
  readonly workflowType?: string;
  readonly processId?: string;
  readonly tenantId?: string;
  readonly local?: boolean;
  readonly profile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly clientSecretStdin?: boolean;
  readonly endpoint?: string;
  readonly ca?: string;
  readonly target?: string;
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
