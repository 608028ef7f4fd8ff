/** One file of a generated project. */
export interface PlannedFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly contents: Uint8Array;
  readonly mode: 0o644 | 0o755 | 0o600;
}

/** A whole generated project in memory. Dry runs, conflict detection, golden tests and updates all read it. */
export interface ProjectPlan {
  readonly files: readonly PlannedFile[];
}

/** A file with a text, which everybody may read. */
export function textFile(path: string, text: string): PlannedFile {
  return { path, contents: Buffer.from(text), mode: 0o644 };
}
