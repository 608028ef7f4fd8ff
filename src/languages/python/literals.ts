import { isJsonList, type Json } from '../../base/json.ts';
import { capitalize, OTHER_LETTERS, upperCase, wordSet } from '../../base/identifiers.ts';
import { escapeForCompilers, escapeForReaders, HIDDEN_IN_CODE, oneLine } from '../../base/escape.ts';
import type { Naming } from '../task-names.ts';
import { displayWidth, inBrackets, withPrefix, type Expression } from './wrap.ts';

const IDENTIFIER = new RegExp(`^[A-Za-z_${OTHER_LETTERS}][A-Za-z0-9_${OTHER_LETTERS}]*$`);

const KEYWORDS = wordSet(
  `False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda
  nonlocal not or pass raise return try while with yield`,
);

/** Names that generated code cannot or should not give to a variable, function or module: keywords, built-ins and names that it uses. */
export const PYTHON_RESERVED: ReadonlySet<string> = new Set([
  ...KEYWORDS,
  ...wordSet(
    `match case type _
    abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr
    dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance
    issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed
    round set setattr slice sorted staticmethod str sum super tuple type vars zip
    BaseException BaseExceptionGroup Ellipsis Exception ExceptionGroup NotImplemented Warning
    self cls workflow workflows activity activities tasks types schemas kuflow request timedelta temporalio asyncio typing processes
    Any Literal Never NotRequired TypeAlias TypedDict cast`,
  ),
]);

/** Whether the text can be used unchanged as the name of a variable or function. Python compares names after NFKC normalization. */
export function isPythonIdentifier(text: string): boolean {
  return isPlainName(text) && text.length <= 100 && !PYTHON_RESERVED.has(text) && !text.startsWith('__');
}

/** Whether the text can be a field of a class. Names that start with two underscores are changed in a class. */
export function isPythonField(text: string): boolean {
  return isPlainName(text) && !KEYWORDS.has(text) && !text.startsWith('__');
}

function isPlainName(text: string): boolean {
  return IDENTIFIER.test(text) && text.normalize('NFKC') === text;
}

/** Names of variables in Python. Type names and constants are derived from them. */
export const PYTHON_NAMING: Naming = {
  style: 'snake',
  // With names that the templates use.
  reserved: new Set([...PYTHON_RESERVED, ...wordSet('process process_id task run')]),
  isIdentifier: isPythonIdentifier,
  // Python compares names in this form. Names with different keys have different types.
  key: (name) => pascalCase(name.normalize('NFKC')).toLowerCase(),
  typeName: pascalCase,
  constantName: upperCase,
};

/** The data of tasks without a type. */
export const UNTYPED_DICT = 'dict[str, Any]';

/** `check_credit` as `CheckCredit`. */
export function pascalCase(name: string): string {
  const joined = name.split('_').map(capitalize).join('');
  return /^\d/.test(joined) ? `Task${joined}` : joined;
}

/** A string literal with exactly this value, in printable characters on one line, quoted like `ruff format`. */
export function pyString(text: string): string {
  const quote = count(text, '"') > count(text, "'") ? "'" : '"';
  const body = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
  return quote + escapeForCompilers(body, HIDDEN_IN_CODE, (hex) => `\\U${hex.padStart(8, '0')}`) + quote;
}

/** A basic string of TOML, which cannot contain lone surrogates. */
export function tomlString(text: string): string {
  const body = text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"');
  return `"${escapeForCompilers(body, HIDDEN_IN_CODE, (hex) => `\\U${hex.padStart(8, '0')}`)}"`;
}

const MAX_COMMENT = 300;

/** Comments of linters, formatters and type checkers, which also take effect after another comment. */
const DIRECTIVES =
  /(^|#\s*)((?:noqa|nosec|pragma)(?![\p{L}\p{N}_])|(?:type|fmt|yapf|isort|ruff|flake8|mypy|pyright|basedpyright|pyre|pyrefly|pytype|ty|pylint|cython)(?=\s*:))/giu;

/** Text for a one-line `#` comment: hidden characters made visible, no directive, cut to `columns`. Empty if the text is blank. */
export function pyComment(text: string, columns = 100): string {
  return disableDirectives(cutToColumns(readable(text), columns));
}

/** Lines for `#` comments of at most `columns` without `# `. Empty if the text is blank. */
export function pyCommentLines(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of readable(text)
    .split(' ')
    .flatMap((one) => pieces(one, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(disableDirectives(longer)) <= columns) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].filter((one) => one !== '').map(disableDirectives);
}

/** Text for a one-line docstring, cut to `columns`. It can be next to the quotes. */
export function pyDoc(text: string, columns = 60): string {
  return cutToColumns(readable(text), columns)
    .replaceAll('\\', '\\\\')
    .replace(/^"+|"+$|"{2,}/g, (quotes) => "'".repeat(quotes.length));
}

function readable(text: string): string {
  return escapeForReaders(oneLine(text, MAX_COMMENT), HIDDEN_IN_CODE);
}

/** Changes a comment so that tools do not act on it. */
function disableDirectives(line: string): string {
  return (
    line
      .replace(DIRECTIVES, '$1“$2”')
      // The encoding of the file, in one of its first two lines.
      .replace(/coding(?=[:=])/gi, '$& ')
  );
}

export function cutToColumns(text: string, columns: number): string {
  const [first = '', ...rest] = pieces(text, columns);
  return rest.length === 0 ? first : `${(pieces(text, columns - 1)[0] ?? '').trimEnd()}…`;
}

/** The text in pieces of at most `columns`. */
function pieces(text: string, columns: number): readonly string[] {
  const result: string[] = [];
  let piece = '';
  let width = 0;
  for (const character of text) {
    const own = displayWidth(character);
    if (width + own > columns) {
      result.push(piece);
      piece = '';
      width = 0;
    }
    piece += character;
    width += own;
  }
  return [...result, piece];
}

export function valueExpression(value: Json): Expression {
  if (typeof value === 'string') return pyString(value);
  if (typeof value === 'number') return pyNumber(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return isJsonList(value)
    ? inBrackets('[', value.map(valueExpression), ']')
    : dictExpression(Object.entries(value).map(([key, item]) => [key, valueExpression(item)]));
}

/** A string, Boolean or integer as a Python literal. */
export function plainLiteral(value: Json): Expression {
  if (typeof value !== 'number') return valueExpression(value);
  const text = Object.is(value, -0) ? '0' : String(value).replace('e+', 'e');
  // Python reads a number with an exponent as a float.
  return text.includes('e') ? `int(${text})` : text;
}

export function dictExpression(entries: readonly (readonly [key: string, value: Expression])[]): Expression {
  return inBrackets(
    '{',
    entries.map(([key, value]) => withPrefix(`${pyString(key)}: `, value)),
    '}',
  );
}

/** JSON has one kind of number. Those that JavaScript prints with an exponent are floating-point numbers in Python. */
function pyNumber(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value).replace('e+', 'e');
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
