/** One file of a generated project. */
export interface PlannedFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly contents: Uint8Array;
  readonly mode: 0o644 | 0o755 | 0o600;
}

/** A whole generated project in memory: dry runs, conflicts, golden trees and updates all read this. */
export interface ProjectPlan {
  readonly files: readonly PlannedFile[];
}
