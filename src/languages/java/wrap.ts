import { spaces } from '../templates/code.ts';

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

/** As many arguments as possible are on one line if all are shorter. */
const SHORT = 10;

/** A call or an object creation: `new Input(processId, review)`. */
interface JavaCall {
  /** What comes before the parenthesis. */
  readonly callee: string;
  readonly args: readonly (string | JavaCall)[];
}

const oneLine = (code: string | JavaCall): string =>
  typeof code === 'string' ? code : `${code.callee}(${code.args.map(oneLine).join(', ')})`;

/** `before call after`: the arguments on one line if possible, otherwise one per line unless they are short. */
export function callLines(before: string, call: JavaCall, after: string, indent: number): readonly string[] {
  const line = `${spaces(indent)}${before}${oneLine(call)}${after}`;
  if (fits(line)) return [line];
  return [`${spaces(indent)}${before}${call.callee}(`, ...argumentLines(call, `)${after}`, indent + CONTINUATION)];
}

function argumentLines({ args }: JavaCall, after: string, indent: number): readonly string[] {
  const texts = args.map(oneLine);
  const line = `${spaces(indent)}${texts.join(', ')}${after}`;
  if (fits(line)) return [line];
  if (args.every((arg) => typeof arg === 'string' && arg.length < SHORT))
    return fill(
      texts.map((text, at) => (at === texts.length - 1 ? text + after : `${text},`)),
      indent,
    );
  return args.flatMap((arg, at) => {
    const end = at === args.length - 1 ? after : ',';
    return typeof arg === 'string' ? [`${spaces(indent)}${arg}${end}`] : callLines('', arg, end, indent);
  });
}

/** `type name = call;`; `after` comes instead of the semicolon. */
export function declarationLines(
  type: string,
  name: string,
  call: JavaCall,
  indent: number,
  after = ';',
): readonly string[] {
  const start = `${type} ${name} =`;
  if (fits(spaces(indent) + start)) return assignmentLines(start, call, after, indent);
  return [spaces(indent) + type, ...assignmentLines(`${name} =`, call, after, indent + CONTINUATION)];
}

function assignmentLines(start: string, call: JavaCall, after: string, indent: number): readonly string[] {
  const line = `${spaces(indent)}${start} ${oneLine(call)}${after}`;
  if (fits(line)) return [line];
  const second = `${spaces(indent + CONTINUATION)}${oneLine(call)}${after}`;
  if (fits(second)) return [spaces(indent) + start, second];
  if (fits(`${spaces(indent)}${start} ${call.callee}(`)) return callLines(`${start} `, call, after, indent);
  return [spaces(indent) + start, ...callLines('', call, after, indent + CONTINUATION)];
}
