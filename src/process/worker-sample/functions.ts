import type { SourceText } from './source-text.ts';

/** A function or method of a source file. */
export interface SampleFunction {
  readonly source: SourceText;
  readonly name: string;
  /** Offset of its name. */
  readonly start: number;
  /** Offsets of its body. */
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Its parameters and result type. */
  readonly signature: string;
  /** The text that documents it. */
  readonly documentation: string;
}

/** A name in Java, TypeScript or Python, as the source of a regular expression with the flag `u`. */
export const NAME = '[\\p{L}_$][\\p{L}\\p{N}_$]*';

/** The functions of a Java or TypeScript file that have a body: methods, function declarations and constants that are functions. */
export function findFunctionsWithBraces(source: SourceText): readonly SampleFunction[] {
  const { code, comments } = source;
  const ends = matchBrackets(code);
  let comment = 0;
  return Array.from(code.matchAll(DECLARATION)).flatMap((found): readonly SampleFunction[] => {
    const name = found[1] ?? found[2] ?? '';
    const [start = 0] = found.indices?.[1] ?? found.indices?.[2] ?? [];
    if (NOT_FUNCTIONS.test(name) || NOT_TYPES.test(code.slice(Math.max(start - 20, 0), start))) return [];
    const open = found.index + found[0].length - 1;
    const close = ends.get(open);
    const bodyStart = close === undefined ? undefined : findBody(code, close, ends);
    const bodyEnd = bodyStart === undefined ? undefined : ends.get(bodyStart);
    if (bodyStart === undefined || bodyEnd === undefined) return [];
    while ((comments[comment + 1]?.end ?? Infinity) <= start) comment++;
    const before = comments[comment];
    const isDocumented = before !== undefined && before.end <= start && !/[;{}]/.test(code.slice(before.end, start));
    return [
      {
        source,
        name,
        start,
        bodyStart,
        bodyEnd,
        signature: code.slice(open, bodyStart),
        documentation: isDocumented ? before.text : '',
      },
    ];
  });
}

// A name after a type, a modifier or `function`, or after `const` and before an arrow function.
const DECLARATION = new RegExp(
  `(?<=[\\p{L}\\p{N}_$>\\]][ \\t]{1,100})(${NAME})[ \\t]{0,100}\\(|\\bconst[ \\t]{1,100}(${NAME})[ \\t]{0,100}=\\s{0,100}(?:async[ \\t]{0,100})?\\(`,
  'dgu',
);
const NOT_FUNCTIONS = /^(?:if|for|while|switch|catch|synchronized|try)$/;
const NOT_TYPES = /(?<![\p{L}\p{N}_$])(?:new|return|throw|else|await|case|typeof|yield)[ \t]+$/u;

/** The longest text between parameters and body, for types and thrown exceptions. */
const MAX_RESULT = 1000;

/** The opening brace of the body of a function whose parameters end at `close`; undefined if it does not have a body. */
function findBody(code: string, close: number, ends: ReadonlyMap<number, number>): number | undefined {
  let last = ')';
  for (let at = close + 1; at < Math.min(code.length, close + MAX_RESULT); at++) {
    const character = code.charAt(at);
    if (character === '{') {
      // A type such as `: { id: string }`.
      if (!':<|&,'.includes(last)) return at;
      at = ends.get(at) ?? code.length;
    } else if (';})'.includes(character)) return undefined;
    if (character.trim() !== '') last = character;
  }
  return undefined;
}

/** The functions and methods of a Python file. */
export function findPythonFunctions(source: SourceText): readonly SampleFunction[] {
  const { code } = source;
  const ends = matchBrackets(code);
  const declaration = new RegExp(`^([ \\t]*)(?:async[ \\t]+)?def[ \\t]+(${NAME})[ \\t]*\\(`, 'gmu');
  return Array.from(code.matchAll(declaration)).flatMap((found): readonly SampleFunction[] => {
    const [whole, indent = '', name = ''] = found;
    const open = found.index + whole.length - 1;
    const close = ends.get(open);
    const colon = close === undefined ? -1 : code.indexOf(':', close);
    if (close === undefined || colon < 0) return [];
    const bodyStart = colon + 1;
    const bodyEnd = endOfIndented(code, bodyStart, indent.length);
    const blanks = /\s*/y;
    blanks.lastIndex = bodyStart;
    const text = bodyStart + (blanks.exec(code)?.[0].length ?? 0);
    return [
      {
        source,
        name,
        start: open - name.length,
        bodyStart,
        bodyEnd,
        signature: code.slice(open, bodyStart),
        documentation: source.strings.get(text)?.value ?? '',
      },
    ];
  });
}

/** The offset of the first line break after `from` that precedes a line indented by at most `indent` characters, or the end of the code. */
function endOfIndented(code: string, from: number, indent: number): number {
  let at = code.indexOf('\n', from);
  while (at >= 0) {
    const line = /[ \t\r]*/y;
    line.lastIndex = at + 1;
    const width = line.exec(code)?.[0].length ?? 0;
    const first = code.charAt(at + 1 + width);
    if (first !== '\n' && first !== '' && width <= indent) return at;
    at = code.indexOf('\n', at + 1);
  }
  return code.length;
}

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** The closing bracket of each opening one, by offset. */
function matchBrackets(code: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const { 0: bracket, index } of code.matchAll(/[()[\]{}]/g)) {
    const opening = PAIRS[bracket];
    if (opening === undefined) open.push(index);
    else if (code.charAt(open.at(-1) ?? -1) === opening) ends.set(open.pop() ?? 0, index);
  }
  return ends;
}
