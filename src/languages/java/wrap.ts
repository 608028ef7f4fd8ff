import { spaces } from '../../base/spaces.ts';

/** Lines as palantir-java-format breaks them: generated projects check their format. */
const WIDTH = 120;
const CONTINUATION = 8;

export const fits = (line: string): boolean => line.length <= WIDTH;

/** Annotations that end before this column are on the line of what they annotate. */
const ANNOTATIONS = WIDTH / 2;

export const areAnnotationsShort = (annotations: string, indent: number): boolean =>
  indent + annotations.length <= ANNOTATIONS;

/** The parts on as few lines as possible, each indented. */
export function fill(parts: readonly string[], indent: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && fits(`${line} ${part}`)) lines[lines.length - 1] = `${line} ${part}`;
    else lines.push(spaces(indent) + part);
  }
  return lines;
}

/** `start` and `end` on one line, otherwise `end` on the next. */
export function twoParts(start: string, end: string, indent: number): readonly string[] {
  const line = `${spaces(indent)}${start} ${end}`;
  return fits(line) ? [line] : [spaces(indent) + start, spaces(indent + CONTINUATION) + end];
}
