/** A command and all below it as plain data: what completion and the pages of the docs are made from. */
export interface CommandDescription {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** What stands behind the name in its usage, e.g. `[options] <code>`. */
  readonly usage: string;
  readonly arguments: readonly ArgumentDescription[];
  /** Those that its help shows, in its order, `--help` among them. */
  readonly options: readonly OptionDescription[];
  /** Those that its help shows. */
  readonly commands: readonly CommandDescription[];
  /** What its help says at the end, examples for instance; empty when nothing. */
  readonly helpAfter: string;
  /** All behind its first argument belongs to the command that it runs. */
  readonly passThrough: boolean;
}

export interface ArgumentDescription {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly choices?: readonly string[];
}

export interface OptionDescription {
  /** As declared, e.g. `-V, --version` or `--sample <count>`. */
  readonly flags: string;
  readonly long?: string;
  readonly short?: string;
  readonly description: string;
  /** Heading of its group in the help, e.g. `The process:`; `Options:` without one. */
  readonly group: string;
  /** `none`: a switch. */
  readonly value: 'none' | 'required' | 'optional';
  /** Between the brackets of its flags, e.g. `count`. */
  readonly valueName?: string;
  readonly choices?: readonly string[];
  /** The value without the option, as its help shows it. */
  readonly default?: string;
  /** `--no-…`. */
  readonly negates: boolean;
  /** May be given again, or at least its value is parsed by code that may collect. */
  readonly repeatable: boolean;
}
