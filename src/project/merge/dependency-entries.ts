import { parseXml } from '@rgrove/parse-xml';
import { parse } from 'smol-toml';
import { isMavenVersionAtLeast, isRequirementAtLeast, requirementName } from './compare-versions.ts';

/** How to merge the lines of a file that lists dependencies with versions. */
export interface EntryFormat {
  /** The name and value of an entry. Undefined for any other line. */
  readonly parseLine: (line: string) => Entry | undefined;
  /** Whether the value is a version, and the oldest that `mine` allows is not older than that of `theirs`. */
  readonly isAtLeast: (mine: Entry, theirs: Entry) => boolean;
  readonly comment: RegExp;
  /** A line that identifies what the lines around it describe. */
  readonly identity?: RegExp;
  /** Throws an error if the text is not valid. */
  readonly parse: (text: string) => unknown;
}

interface Entry {
  readonly name: string;
  readonly value: string;
}

const MAVEN_VERSION = /(?:^|[.-])version$|^version[.-]|^maven\.compiler\.(?:release|source|target)$/;
/** A key with any value, and the text of one string, such as `requires-python = ">=3.11"` and `requires = ["flit-core==4.2.0"]`. */
const TOML_PAIR = /^\s*([\w.-]+)\s*=\s*(?:\[?\s*(["'])([^\\"']*)\2\s*,?\s*\]?\s*(?:#.*)?$)?/;

/** By the name of the file. */
export const ENTRY_FORMATS: ReadonlyMap<string, EntryFormat> = new Map([
  [
    'pom.xml',
    {
      parseLine: (line) => {
        const [, name, value] = /^\s*<([\w.-]+)>([^<]*)<\/\1>\s*(?:<!--.*-->)?$/.exec(line) ?? [];
        return name === undefined || value === undefined ? undefined : { name, value };
      },
      isAtLeast: (mine, theirs) => MAVEN_VERSION.test(mine.name) && isMavenVersionAtLeast(mine.value, theirs.value),
      comment: /^\s*<!--.*-->$/,
      identity: /^\s*<(?:artifactId|id)>/,
      parse: parseXml,
    },
  ],
  [
    'pyproject.toml',
    {
      parseLine: (line) => {
        const [, pair, , version] = TOML_PAIR.exec(line) ?? [];
        if (pair !== undefined) return { name: `${pair} =`, value: pair.startsWith('require') ? (version ?? '') : '' };
        const [, , requirement] = /^\s*(["'])([^\\]*)\1,?\s*(?:#.*)?$/.exec(line) ?? [];
        const name = requirementName(requirement ?? '');
        return name === undefined || requirement === undefined ? undefined : { name, value: requirement };
      },
      isAtLeast: (mine, theirs) => isRequirementAtLeast(mine.value, theirs.value),
      comment: /^\s*#.*$/,
      parse,
    },
  ],
]);

/** Lines by their names, or by their texts for comments. Undefined if there are other lines, or if a name occurs twice. */
function byName(format: EntryFormat, lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const named = new Map<string, string>();
  for (const line of lines) {
    const name = format.parseLine(line)?.name ?? (format.comment.test(line) ? line.trim() : undefined);
    if (name === undefined || named.has(name)) return undefined;
    named.set(name, line);
  }
  return named;
}

/**
 * Merges entries and comments by name. A version that is at least as new as that of `theirs` stays, and a removed one stays removed.
 * Undefined if there are other lines, or if both sides made other changes.
 */
export function mergeEntries(
  format: EntryFormat,
  { base, mine, theirs }: Readonly<Record<'base' | 'mine' | 'theirs', readonly string[]>>,
): readonly string[] | undefined {
  const [old, own, next] = [base, mine, theirs].map((lines) => byName(format, lines));
  if (old === undefined || own === undefined || next === undefined) return undefined;
  const isAtLeast = (one: string, other: string): boolean => {
    const [entry, otherEntry] = [format.parseLine(one), format.parseLine(other)];
    return entry !== undefined && otherEntry !== undefined && format.isAtLeast(entry, otherEntry);
  };
  const merged = new Map<string, string>();
  for (const [name, line] of own) {
    const [before, after] = [old.get(name), next.get(name)];
    if (after === undefined) {
      if (line === before) continue;
      if (before !== undefined) return undefined;
    } else if (line !== after && after !== before && line !== before && !isAtLeast(line, after)) return undefined;
    merged.set(name, after !== undefined && line === before ? after : line);
  }
  const names = [...merged.keys()];
  const all = [...next.keys()];
  for (const [index, name] of all.entries()) {
    const [line = '', before] = [next.get(name), old.get(name)];
    if (own.has(name) || before === line) continue;
    // A removed version stays removed.
    if (before !== undefined && !isAtLeast(before, before)) return undefined;
    if (before !== undefined) continue;
    names.splice(names.indexOf(all.slice(0, index).findLast((one) => names.includes(one)) ?? '') + 1, 0, name);
    merged.set(name, line);
  }
  return names.map((name) => merged.get(name) ?? '');
}

/** Whether two additions in the same place can both be kept. Two lists of entries cannot, and neither can two that describe the same thing. */
export function canAddBoth(format: EntryFormat, one: readonly string[], other: readonly string[]): boolean {
  const isNamed = [one, other].every((lines) => byName(format, lines) !== undefined);
  const isIdentity = (line: string): boolean => format.identity?.test(line) === true;
  return !isNamed && !one.some((line) => isIdentity(line) && other.some((text) => text.trim() === line.trim()));
}
