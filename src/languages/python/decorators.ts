import { stringValue } from './string-value.ts';

const STRING = `"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'`;
const NAME_ARGUMENT = new RegExp(`(?:^|,)(?:\\s|#.*\\n)*name\\s*=\\s*(${STRING})`);
/** Between the decorator of Temporal and the declaration: other decorators, comments and empty lines. */
const LINES = '(?:[ \\t]*(?:[@#].*)?\\n){0,20}';

/** A function or class with a decorator of Temporal, and the name that the decorator gives it. */
export interface Decorated {
  readonly name: string;
  readonly given: string | undefined;
}

/** The declarations in a module, such as `class`, with the decorator `@activity.defn` or `@workflow.defn`. */
export function findDecorated(
  text: string,
  module: 'activity' | 'workflow',
  declaration: string,
): readonly Decorated[] {
  const pattern = new RegExp(
    `^[ \\t]*@${module}\\.defn\\b(?:\\(((?:[^()"'#]|${STRING}|#.*)*)\\))?.*\\n${LINES}[ \\t]*${declaration} ([\\p{L}\\p{N}_]+)`,
    'gmu',
  );
  return [...text.replaceAll('\r\n', '\n').matchAll(pattern)].map(([, args = '', name = '']) => {
    const [, literal] = NAME_ARGUMENT.exec(args) ?? [];
    return { name, given: literal === undefined ? undefined : stringValue(literal) };
  });
}
