/** A bug in released versions of a package that affects KuFlow workers. */
export interface KnownBug {
  readonly package: string;
  /** The first version without it. */
  readonly before: string;
  readonly bug: string;
}

/** What doctor checks of a project, apart from its code and its connection. */
export interface ProjectDiagnosis {
  /** The package of Temporal that every worker uses. */
  readonly sdk: string;
  /** The versions of Temporal's packages in the project in `folder`. Without `sdk` if the project cannot start. */
  readonly sdkVersions: (folder: string) => Promise<ReadonlyMap<string, string>>;
  readonly knownBugs: readonly KnownBug[];
  /** What runs the worker on this machine. */
  readonly runtime: (env: NodeJS.ProcessEnv) => {
    readonly name: string;
    /** Undefined if it is not installed. */
    readonly version: string | undefined;
    /** The oldest supported one. */
    readonly wanted: string;
    readonly isSupported: boolean;
  };
  /** The command of the worker's own check, in the folder of the project; undefined until the project is installed or built. */
  readonly workerCheck: (folder: string) => readonly [program: string, ...args: string[]] | undefined;
}
