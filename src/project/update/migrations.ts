import type { LanguageId } from '../../languages/names.ts';

export interface Migration {
  /** The version of this package that has these templates. */
  readonly version: string;
  /** Files that have another path since. `{name}` is any part of a path segment, `{package}` any path, and the same text in `to`. */
  readonly renamed: readonly { readonly language: LanguageId; readonly from: string; readonly to: string }[];
  /** Files that the templates no longer have. `why`: the rest of a sentence that starts with the path. */
  readonly removed: readonly { readonly language: LanguageId; readonly path: string; readonly why: string }[];
  /** What people need to know about the version, as sentences. */
  readonly changes: readonly VersionChange[];
}

export interface VersionChange {
  /** Whether existing code or set-ups may need a change by hand. `text` names it. */
  readonly breaking?: true;
  readonly text: string;
  /** Default: all languages. */
  readonly languages?: readonly LanguageId[];
}

/** Every version that changed the templates, the oldest first. */
export const PROJECT_MIGRATIONS: readonly Migration[] = [{ version: '0.1.0', renamed: [], removed: [], changes: [] }];
