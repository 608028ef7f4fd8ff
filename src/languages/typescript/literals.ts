import { isJsonList, type Json } from '../../base/json.ts';
import { OTHER_LETTERS, wordSet } from '../../base/identifiers.ts';
import { escapeForCompilers, escapeForReaders, HIDDEN_IN_CODE, oneLine } from '../../base/escape.ts';

const WORD = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
const IDENTIFIER = new RegExp(`^[A-Za-z_$${OTHER_LETTERS}][A-Za-z0-9_$${OTHER_LETTERS}]*$`);

const HIDDEN_IN_LINE = new RegExp(`(?!\\n)${HIDDEN_IN_CODE.source}`, HIDDEN_IN_CODE.flags);

/**
 * Names that a generated module cannot or should not declare: keywords, strict-mode words, type names, globals, and common object members.
 * A module that exports `then`, for example, is treated as a promise when it is awaited.
 */
export const TS_RESERVED = wordSet(
  `break case catch class const continue debugger default delete do else enum export extends false finally for function if
  import in instanceof new null return super switch this throw true try typeof var void while with
  implements interface let package private protected public static yield await async arguments eval
  abstract accessor any as asserts assert bigint boolean constructor declare from get global infer intrinsic is keyof module
  namespace never number object of out override readonly require satisfies set string symbol type undefined unique unknown using
  then toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable toJSON
  exports process console globalThis self window document prototype escape unescape fetch name
  NaN Infinity Object Function Boolean Symbol Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError
  URIError Number BigInt Math Date String RegExp Array Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array
  Float32Array Float64Array Map Set WeakMap WeakSet WeakRef ArrayBuffer DataView Atomics JSON Promise Proxy Reflect Intl Iterator
  Buffer URL Event EventTarget Request Response Headers Record Partial Required Readonly Pick Omit Exclude Extract NonNullable
  Parameters ReturnType Awaited Uppercase Lowercase Capitalize Uncapitalize`,
);

/** Whether the text can be used unchanged as the name of a declaration. */
export function isTsIdentifier(text: string): boolean {
  return IDENTIFIER.test(text) && text.length <= 100 && text !== '__proto__' && !TS_RESERVED.has(text);
}

/** A string literal with exactly this value, in printable characters on one line, quoted like Prettier with single quotes. */
export function tsString(text: string): string {
  const quote = count(text, "'") > count(text, '"') ? '"' : "'";
  const body = text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('`', '\\x60')
    .replaceAll('${', '\\x24{');
  return quote + escapeForCompilers(body, HIDDEN_IN_CODE, (hex) => `\\u{${hex}}`) + quote;
}

/** Code with hidden characters, which only its string literals may contain, escaped. */
export function escapeHiddenInCode(code: string): string {
  return escapeForCompilers(code, HIDDEN_IN_LINE, (hex) => `\\u{${hex}}`);
}

/** A key of an object literal or type: bare if it is a plain word, otherwise quoted. `__proto__` becomes a computed key, which sets no prototype. */
export function tsPropertyKey(text: string): string {
  if (text === '__proto__') return `['__proto__']`;
  return WORD.test(text) ? text : tsString(text);
}

/** For `//` and block comments, cut at `limit`: hidden characters made visible, no comment end, no directives. Empty if the text is blank. */
export function tsComment(text: string, limit = 300): string {
  const line = escapeForReaders(oneLine(text, limit), HIDDEN_IN_CODE)
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    // Tags and directives take effect anywhere in a comment.
    .replace(/(^|[\s{*/])([@#])(?=[\w_])/g, '$1$2 ');
  return /^(?:[^\p{L}\p{N}(]|eslint|global|exported|istanbul|c8|v8|vitest|prettier|biome|deno|oxlint|tslint|jshint|jslint|webpack|sourceMapping)/u.test(
    line,
  )
    ? `“${line}”`
    : line;
}

/** A literal of plain data, indented by two spaces per level. The first line is not indented; `indent` is the column of the closing bracket. */
export function tsValue(value: Json, indent = 0): string {
  if (typeof value === 'string') return tsString(value);
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  const inner = ' '.repeat(indent + 2);
  const end = ' '.repeat(indent);
  if (isJsonList(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => `${inner}${tsValue(item, indent + 2)},\n`).join('')}${end}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  return `{\n${entries.map(([key, item]) => `${inner}${tsPropertyKey(key)}: ${tsValue(item, indent + 2)},\n`).join('')}${end}}`;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
