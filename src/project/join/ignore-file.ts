import { splitTextFile } from '../../files/text-file.ts';

const HEADER = '# Added for the KuFlow worker';

/** Adds the rules of the template that a `.gitignore` lacks. They keep their groups and comments, so that a later version can be merged. */
export function mergeIgnoreFile(existing: string, template: string): string {
  const { lineEnd } = splitTextFile(existing);
  const present = new Set(linesOf(existing).filter(isRule).map(comparable));
  const isMissing = (line: string): boolean => isRule(line) && !present.has(comparable(line));
  const groups = template
    .split(/(?:\r?\n){2,}/)
    .map(linesOf)
    .filter((lines) => lines.some(isMissing))
    .map((lines) => lines.filter((line) => !isRule(line) || isMissing(line)).join(lineEnd));
  if (groups.length === 0) return existing;
  const end = existing === '' || existing.endsWith('\n') ? '' : lineEnd;
  const gap = existing.trim() === '' ? '' : lineEnd;
  const added = groups.join(lineEnd + lineEnd);
  return existing + end + gap + HEADER + lineEnd + added + lineEnd;
}

function linesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

function isRule(line: string): boolean {
  return !line.startsWith('#');
}

/** A rule for a name also covers the folder with this name. */
function comparable(rule: string): string {
  return rule.replace(/\/$/, '');
}
