import gte from 'semver/functions/gte.js';
import minVersion from 'semver/ranges/min-version.js';

/** Whether the oldest version that a range of npm allows is not older than that of another range. False if one of them is not a range. */
export function isNpmRangeAtLeast(mine: string, theirs: string): boolean {
  const [own, other] = [oldestOfNpmRange(mine), oldestOfNpmRange(theirs)];
  return own !== undefined && other !== undefined && gte(own, other);
}

function oldestOfNpmRange(range: string): string | undefined {
  try {
    return minVersion(range)?.version;
  } catch {
    return undefined;
  }
}

/**
 * Whether the oldest version that a requirement of Python allows, such as `httpx[http2]>=0.28,<1; sys_platform == 'linux'`, is not older than
 * that of another requirement for the same package, extras and environments. The name may be left out.
 */
export function isRequirementAtLeast(mine: string, theirs: string): boolean {
  const [own, other] = [parseRequirement(mine), parseRequirement(theirs)];
  if (own.oldest === undefined || other.oldest === undefined) return false;
  return own.scope === other.scope && compareVersions(own.oldest, other.oldest) >= 0;
}

/** How package indexes of Python compare names. */
export function normalizePythonName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** The normalized name in a requirement of Python. Undefined if the text is not a requirement. */
export function requirementName(requirement: string): string | undefined {
  const [, name] = /^\s*([A-Za-z\d](?:[\w.-]*[A-Za-z\d])?)\s*(?:$|[[(<>=!~;@])/.exec(requirement) ?? [];
  return name === undefined ? undefined : normalizePythonName(name);
}

/** The oldest version that a requirement allows, and everything except its versions as its `scope`. */
function parseRequirement(requirement: string) {
  const [, name = '', extras = '', versions = '', marker = ''] =
    /^\s*([A-Za-z][\w.-]*)?\s*(\[[^\]]*\])?\s*\(?([^;@()]*)\)?\s*(;.*)?$/s.exec(requirement) ?? [];
  const oldest = versions.split(',').flatMap((clause): readonly string[] => {
    const [, version] = /^\s*(?:={2,3}|>=?|~=?|\^)?\s*v?(\d[\w.!+-]*?)(?:\.\*)?\s*$/.exec(clause) ?? [];
    return version === undefined ? [] : [version];
  });
  const scope = [normalizePythonName(name), extras, marker].map((part) => part.replaceAll(/[\s'"]+/g, '')).join();
  return { scope, oldest: oldest.sort(compareVersions).at(-1) };
}

/** Whether a version of Maven, or the oldest of a range, is not older than another. False if one of them is not a version. */
export function isMavenVersionAtLeast(mine: string, theirs: string): boolean {
  const [own, other] = [mine, theirs].map((text) => /^[[(]?\s*(\d[\w.+-]*)\s*(?:$|[\]),])/.exec(text.trim())?.[1]);
  return own !== undefined && other !== undefined && compareVersions(own, other) >= 0;
}

const RELEASE = 0;
const UNKNOWN = 2;
/** The order of words in versions of Maven and Python. */
const RANKS: ReadonlyMap<string, number> = new Map(
  [
    ['dev'],
    ['a', 'alpha'],
    ['b', 'beta'],
    ['m', 'milestone'],
    ['c', 'rc', 'cr', 'pre', 'preview'],
    ['snapshot'],
    ['', 'final', 'ga', 'release'],
    ['post', 'rev', 'r', 'sp'],
  ].flatMap((words, index) => words.map((word) => [word, index - 6] as const)),
);

/** Compares versions as Maven and PEP 440 do. Positive if `one` is newer. */
export function compareVersions(one: string, other: string): number {
  const [own, others] = [tokensOf(one), tokensOf(other)];
  for (let at = 0; at < Math.max(own.length, others.length); at++) {
    const order = compareTokens(own[at] ?? '', others[at] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

type Token = number | string;

/** The numbers and words of a version. A zero before a word or the end does not count: 1.0 is 1, and 1.0-rc1 is 1-rc1. */
function tokensOf(version: string): readonly Token[] {
  const [, epoch = '0', rest = ''] = /^(?:(\d+)!)?v?([^+]*)/.exec(version.toLowerCase()) ?? [];
  const tokens: Token[] = [Number(epoch)];
  const dropZeros = (): void => {
    while (tokens.length > 1 && tokens.at(-1) === 0) tokens.pop();
  };
  for (const part of rest.match(/\d+|[a-z]+/g) ?? []) {
    if (/^\d/.test(part)) tokens.push(Number(part));
    else {
      dropZeros();
      if (RANKS.get(part) !== RELEASE) tokens.push(part);
    }
  }
  dropZeros();
  return tokens;
}

/** An empty word is the end of a version. */
function compareTokens(one: Token, other: Token): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one === 'number') return other === '' && one === 0 ? 0 : 1;
  if (typeof other === 'number') return -compareTokens(other, one);
  const [rank, otherRank] = [RANKS.get(one) ?? UNKNOWN, RANKS.get(other) ?? UNKNOWN];
  if (rank !== otherRank || rank !== UNKNOWN) return rank - otherRank;
  return one < other ? -1 : one > other ? 1 : 0;
}
