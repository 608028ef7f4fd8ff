import { spaces } from '../../base/spaces.ts';
import { fill, fits } from './wrap.ts';

const CONTINUATION = 8;
/** As many arguments as possible are on one line if all are shorter. */
const SHORT = 10;

/** A call or an object creation: `new Input(processId, review)`. */
export interface JavaCall {
  /** What comes before the parenthesis. */
  readonly callee: string;
  readonly args: readonly (string | JavaCall)[];
}

const oneLine = ({ callee, args }: JavaCall): string =>
  `${callee}(${args.map((arg) => (typeof arg === 'string' ? arg : oneLine(arg))).join(', ')})`;

/** `before call after` as palantir-java-format breaks it: the arguments on one line if possible, otherwise one per line unless they are short. */
export function callLines(before: string, call: JavaCall, after: string, indent: number): readonly string[] {
  const line = `${spaces(indent)}${before}${oneLine(call)}${after}`;
  if (fits(line)) return [line];
  return [`${spaces(indent)}${before}${call.callee}(`, ...argumentLines(call, `)${after}`, indent + CONTINUATION)];
}

function argumentLines({ args }: JavaCall, after: string, indent: number): readonly string[] {
  const texts = args.map((arg) => (typeof arg === 'string' ? arg : oneLine(arg)));
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

/** `type name = call;` as palantir-java-format breaks it. `after` comes instead of the semicolon. */
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
