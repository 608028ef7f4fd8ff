/** Lines as palantir-java-format breaks them: generated projects check their format. */
const WIDTH = 120;
const CONTINUATION = 8;

export const fits = (line: string): boolean => line.length <= WIDTH;

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

/** `before(arguments)after` on one line, otherwise with the arguments on as few lines as possible. */
export function simpleArguments(
  before: string,
  names: readonly string[],
  after: string,
  indent: number,
): readonly string[] {
  const line = `${spaces(indent)}${before}(${names.join(', ')})${after}`;
  if (fits(line)) return [line];
  const parts = names.map((name, at) => (at === names.length - 1 ? `${name})${after}` : `${name},`));
  return [`${spaces(indent)}${before}(`, ...fill(parts, indent + CONTINUATION)];
}
