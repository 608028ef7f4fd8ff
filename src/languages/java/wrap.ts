/** Lines as palantir-java-format breaks them: generated projects check their format. */
const WIDTH = 120;
const CONTINUATION = 8;

export const fits = (line: string): boolean => line.length <= WIDTH;

const isShort = (argument: string): boolean => argument.length < 10;

/** Annotations that end before this column are on the line of what they annotate. */
const ANNOTATIONS = WIDTH / 2;

export const areAnnotationsShort = (annotations: string, indent: number): boolean =>
  indent + annotations.length <= ANNOTATIONS;

export const spaces = (count: number): string => ' '.repeat(count);

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

/** `before(argument)after` on one line, otherwise with the argument on the next. */
export function oneArgument(before: string, argument: string, after: string, indent: number): readonly string[] {
  const line = `${spaces(indent)}${before}(${argument})${after}`;
  return fits(line) ? [line] : [`${spaces(indent)}${before}(`, `${spaces(indent + CONTINUATION)}${argument})${after}`];
}

/** Arguments with their commas: all on one line if they fit, as many as possible if they are short, otherwise one per line. */
export function argumentLines(parts: readonly string[], args: readonly string[], indent: number): readonly string[] {
  const line = spaces(indent) + parts.join(' ');
  if (fits(line)) return [line];
  return args.every(isShort) ? fill(parts, indent) : parts.map((part) => spaces(indent) + part);
}

/** `before(names)after` on one line, otherwise the names on the next, or one per line if they are longer and do not fit. */
export function simpleArguments(
  before: string,
  names: readonly string[],
  after: string,
  indent: number,
): readonly string[] {
  const line = `${spaces(indent)}${before}(${names.join(', ')})${after}`;
  if (fits(line)) return [line];
  const parts = names.map((name, at) => (at === names.length - 1 ? `${name})${after}` : `${name},`));
  return [`${spaces(indent)}${before}(`, ...argumentLines(parts, names, indent + CONTINUATION)];
}
