import { mergeFile, type FileMerge, type MergeRequest } from '../../../../src/project/merge/merge-file.ts';

export interface MergeCase {
  readonly base: string;
  readonly mine: string;
  readonly theirs: string;
  readonly isOrderFree?: boolean;
}

/** Merges with the labels of the tests. */
export function mergedFile(path: string, texts: MergeCase, style: MergeRequest['style'] = 'markers'): FileMerge {
  const labels = { mine: 'yours', base: 'template 0.1.0', theirs: 'template 0.2.0' };
  return mergeFile({ path, ...texts, labels, style });
}

/** The text of a merge that must not conflict, and that does not change when the template is merged again. */
export function cleanlyMerged(path: string, texts: MergeCase): string {
  const { text, conflicts } = mergedFile(path, texts);
  if (conflicts.length > 0) throw new Error(`conflicts: ${JSON.stringify(conflicts)}`);
  const again = mergedFile(path, { ...texts, base: texts.theirs, mine: text });
  if (again.text !== text || again.conflicts.length > 0) throw new Error('another merge changed the text');
  return text;
}

/** A text with conflict markers, with the lines of one side. */
export function resolved(text: string, side: 'base' | 'mine' | 'theirs'): string {
  const marked = /^<<<<<<< yours\n(.*?)^\|{7} template 0\.1\.0\n(.*?)^={7}\n(.*?)^>>>>>>> template 0\.2\.0\n/gms;
  return text.replaceAll(marked, { mine: '$1', base: '$2', theirs: '$3' }[side]);
}
