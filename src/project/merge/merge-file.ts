import { splitTextFile } from '../../files/text-file.ts';
import { markConflict, type MergeLabels } from './conflict-markers.ts';
import { ENTRY_FORMATS, type EntryFormat } from './dependency-entries.ts';
import { toLf, withLineEndingsOf } from './line-endings.ts';
import {
  findConflicts,
  isConflict,
  mergeLines,
  type LineConflict,
  type MergedRegion,
  type MergeOptions,
} from './lines.ts';
import { mergePackageJson } from './package-json.ts';

export interface MergeConflict extends LineConflict {
  /** The key that conflicts, such as `dependencies.undici`, in a file that is merged by key. */
  readonly key?: string;
}

export interface MergeRequest extends MergeOptions {
  /** Relative to the project, with `/`. Its name selects how the file is merged. */
  readonly path: string;
  /** The text that was generated last. Empty if the file was never generated. */
  readonly base: string;
  /** The text on disk. */
  readonly mine: string;
  /** The text that the templates render now. */
  readonly theirs: string;
  /** Only used by `markers`. */
  readonly labels?: MergeLabels;
  /** What conflicts are in the text: both sides with git's markers (and the base, as `merge.conflictStyle=diff3`), or the lines of `mine`. */
  readonly style: 'markers' | 'ours';
}

export type FileMerge = Readonly<ReturnType<typeof mergeFile>>;

const DEFAULT_LABELS: MergeLabels = { mine: 'yours', base: 'base', theirs: 'template' };

/**
 * Applies the change from `base` to `theirs` to `mine`. `package.json` is merged by key; all other files, and `package.json` if one of the three
 * texts can't be parsed, by lines. Byte order mark, line endings and a missing line break at the end of `mine` stay as they are.
 */
export function mergeFile(request: MergeRequest) {
  const { path, base, mine, theirs, labels = DEFAULT_LABELS, style } = request;
  const [own, old, next] = [splitForm(mine), splitForm(base), splitForm(theirs)];
  const isEnded = own.isEnded === old.isEnded || mine === '' ? next.isEnded : own.isEnded;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const isKeyed = name === 'package.json' && own.text !== old.text && next.text !== old.text;
  const keyed = isKeyed ? mergePackageJson(old.text, own.text, next.text) : undefined;
  const regions =
    keyed === undefined
      ? mergeWithEntries(ENTRY_FORMATS.get(name), [old.text, own.text, next.text], request)
      : findConflicts(keyed.base, keyed.mine, keyed.theirs);
  const merged = renderRegions(regions, style, labels);
  const text = isEnded ? merged : merged.replace(/\n$/, '');
  const conflicts: readonly MergeConflict[] = keyed?.conflicts ?? regions.filter(isConflict);
  return {
    /** Each line of `mine` keeps its ending, and all others end as most of them. */
    text: own.mark + withLineEndingsOf(mine.slice(own.mark.length), text),
    /** In the order of `mine`. Empty if everything was merged. */
    conflicts,
  };
}

/** The merged text of a file. Undefined if there are conflicts. */
export function mergeCleanly(
  path: string,
  texts: Pick<MergeRequest, 'base' | 'mine' | 'theirs'>,
  isOrderFree: boolean,
): string | undefined {
  const { text, conflicts } = mergeFile({ path, ...texts, isOrderFree, style: 'ours' });
  return conflicts.length === 0 ? text : undefined;
}

/**
 * The next version of a generated file. `last` differs from `before` if other templates generated it, or if it has an added activity: then only
 * the change is applied to it. Undefined if the change is in the same place as that difference.
 */
export function mergeRendered(
  path: string,
  before: string | undefined,
  last: string | undefined,
  rendered: string,
  isOrderFree: boolean,
): string | undefined {
  if (last === undefined || before === undefined || before === last) return rendered;
  return mergeCleanly(path, { base: before, mine: last, theirs: rendered }, isOrderFree);
}

function mergeWithEntries(
  entries: EntryFormat | undefined,
  [base, mine, theirs]: readonly [string, string, string],
  options: MergeOptions,
): readonly MergedRegion[] {
  const regions = mergeLines(base, mine, theirs, { ...options, entries });
  const isBroken = (text: string): boolean => {
    try {
      entries?.parse(text);
      return false;
    } catch {
      return true;
    }
  };
  const text = renderRegions(regions, 'ours', DEFAULT_LABELS);
  return isBroken(text) && !isBroken(mine) ? mergeLines(base, mine, theirs, options) : regions;
}

/** A text with `\n` at the end of every line, and how it was written. */
interface TextForm {
  readonly mark: string;
  readonly text: string;
  readonly isEnded: boolean;
}

function splitForm(source: string): TextForm {
  const { mark, text: body } = splitTextFile(source);
  const text = toLf(body);
  const isEnded = text === '' || text.endsWith('\n');
  return { mark, text: isEnded ? text : `${text}\n`, isEnded };
}

function renderRegions(regions: readonly MergedRegion[], style: MergeRequest['style'], labels: MergeLabels): string {
  return regions
    .flatMap((region) => {
      if (!isConflict(region)) return region;
      if (style === 'ours') return region.mine;
      return markConflict(region, labels);
    })
    .join('\n');
}
