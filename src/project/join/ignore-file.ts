import { splitTextFile } from '../../files/text-file.ts';

const HEADER = '# Added for the KuFlow worker';

/** The text of a `.gitignore` with the rules of the template that it does not have, below a comment. Existing lines stay as they are. */
export function mergeIgnoreFile(existing: string, template: string): string {
  const { lineEnd } = splitTextFile(existing);
  const present = new Set(rulesOf(existing).map(comparable));
  const missing = rulesOf(template).filter((rule) => !present.has(comparable(rule)));
  if (missing.length === 0) return existing;
  const end = existing === '' || existing.endsWith('\n') ? '' : lineEnd;
  const gap = existing.trim() === '' ? '' : lineEnd;
  return existing + end + gap + [HEADER, ...missing, ''].join(lineEnd);
}

function rulesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** A rule for a name also covers the folder with this name. */
function comparable(rule: string): string {
  return rule.replace(/\/$/, '');
}
