import compare from 'semver/functions/compare.js';
import gt from 'semver/functions/gt.js';
import lte from 'semver/functions/lte.js';
import type { LanguageId } from '../../languages/language-ids.ts';

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

/** A change of a version between that of a project and this one. */
export interface ListedChange extends Pick<VersionChange, 'text'> {
  readonly version: string;
  readonly breaking: boolean;
}

/** What changed after version `from` until version `to` for a language, the oldest first, with breaking changes of a version first. */
export function changesBetween(
  migrations: readonly Migration[],
  language: LanguageId,
  { from, to }: { readonly from: string; readonly to: string },
): readonly ListedChange[] {
  return migrations
    .filter(({ version }) => gt(version, from) && lte(version, to))
    .toSorted((one, other) => compare(one.version, other.version))
    .flatMap(({ version, changes }) =>
      changes
        .filter(({ languages }) => languages?.includes(language) !== false)
        .map(({ text, breaking = false }) => ({ version, breaking, text }))
        .toSorted((one, other) => Number(other.breaking) - Number(one.breaking)),
    );
}

/** The present path of a file that had `path`, after all renames. */
export function renamedPath(migrations: readonly Migration[], language: LanguageId, path: string): string {
  let at = path;
  for (const { renamed } of migrations) {
    const rename = renamed.find((one) => one.language === language && pathPattern(one.from).test(at));
    if (rename === undefined) continue;
    const { groups = {} } = pathPattern(rename.from).exec(at) ?? {};
    at = rename.to.replaceAll(PLACEHOLDER, (_, name: string) => groups[name] ?? '');
  }
  return at;
}

/** Why the templates no longer have a file; undefined if no version removed it. */
export function removalReason(
  migrations: readonly Migration[],
  language: LanguageId,
  path: string,
): string | undefined {
  const removed = migrations.flatMap((migration) => migration.removed);
  return removed.find((one) => one.language === language && pathPattern(one.path).test(path))?.why;
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** Matches the paths that a path of a migration describes. */
export function pathPattern(pattern: string): RegExp {
  const seen = new Set<string>();
  const source = pattern
    .split(PLACEHOLDER)
    .map((part, index) => {
      if (index % 2 === 0) return part.replaceAll(/[^\w/-]/g, '\\$&');
      if (seen.has(part)) return `\\k<${part}>`;
      seen.add(part);
      return `(?<${part}>${part === 'package' ? '.+' : '[^/]+?'})`;
    })
    .join('');
  return new RegExp(`^${source}$`);
}
