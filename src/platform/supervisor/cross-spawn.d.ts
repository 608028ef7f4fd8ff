declare module 'cross-spawn' {
  import type { SpawnOptions } from 'node:child_process';

  /** What to start instead of a command. */
  interface Parsed {
    readonly command: string;
    readonly args: readonly string[];
    readonly options: SpawnOptions;
    /** On Windows, the file that was found for the command. */
    readonly file?: string | undefined;
  }

  const crossSpawn: {
    readonly _parse: (command: string, args: readonly string[], options: SpawnOptions) => Parsed;
  };
  export = crossSpawn;
}
