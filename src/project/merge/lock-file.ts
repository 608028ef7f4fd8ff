import { isRecord, parseJsonText } from '../../base/json.ts';
import { toLf, withLineEndingsOf } from './line-endings.ts';
import type { MergeRequest } from './merge-file.ts';
import { isNpmRangeAtLeast } from './compare-versions.ts';

/**
 * Brings a lock file from the text on disk (`mine`) to the versions of the templates, without conflicts: the package manager completes what does
 * not match the dependencies of the project. A `package-lock.json` keeps the packages that were added, and versions that were changed to newer ones
 * than those of the templates. Other lock files are replaced, so that the versions of added packages are chosen again.
 */
export function mergeLockFile(
  path: string,
  { base = '{}', mine, theirs }: Pick<MergeRequest, 'mine' | 'theirs'> & { readonly base: string | undefined },
): string {
  const [old, own, next] = [base, mine, theirs].map(parseLock);
  if (!path.endsWith('package-lock.json') || own === undefined || next === undefined) return theirs;
  const before = old?.packages ?? {};
  const packages: Record<string, LockedPackage> = { ...next.packages };
  for (const [folder, entry] of Object.entries(own.packages)) {
    const [last, now] = [before[folder]?.version, packages[folder]];
    if (now === undefined ? last === undefined : isKept(entry.version, last, now.version)) packages[folder] = entry;
  }
  const sorted = Object.entries(packages).toSorted(([one], [other]) => one.localeCompare(other, 'en'));
  const text = `${JSON.stringify({ ...next.data, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`;
  return toLf(mine) === text ? mine : withLineEndingsOf(mine, text);
}

/** Whether a version was changed, and the one of the templates is not newer. */
function isKept(mine: string | undefined, base: string | undefined, theirs: string | undefined): boolean {
  if (mine === undefined || theirs === undefined || mine === base || mine === theirs) return false;
  return theirs === base || isNpmRangeAtLeast(mine, theirs);
}

interface LockedPackage {
  readonly version?: string;
}

/** With its packages by folder. Undefined if it is not a `package-lock.json` as npm 7 and later write it. */
function parseLock(text: string) {
  const data = parseJsonText(text.replace(/^\uFEFF/, ''));
  if (!isRecord(data)) return undefined;
  const { packages } = data;
  return isRecord(packages) && Object.values(packages).every(isRecord)
    ? { data, packages: packages as Readonly<Record<string, LockedPackage>> }
    : undefined;
}
