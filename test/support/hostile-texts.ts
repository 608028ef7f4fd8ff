import fc from 'fast-check';

/** A word that no template contains: wherever it appears, it came from a definition. It survives every change of case. */
export const MARK = 'qzvxkwj';

/** Texts that end literals, comments, templates, tags, lines, words and paths in careless generators. */
// oxfmt-ignore
const FRAGMENTS: readonly string[] = [
  ...["'", '"', '`', '\\', "\\'", '\\"', "');", '");', '`);', '${', '}', '`${process.exit(1)}`', '\\u0041', '\\'],
  ...['\n', '\r', '\r\n', '\n\n', '\t', '\u0085', '\u2028', '\u2029', '\v', '\f', '\0', '\u001b[31m', '\u0007', '\b'],
  // Java decodes these escapes before it looks for the ends of comments, literals and lines.
  ...['\\u002a/', '\\u002a/ int x; /*', '\\u0022', '\\uu000a', '\\\\u002a/'],
  ...['*/', '/*', '**/', '*//', '//', '-->', '<!--', '#', ' #', '# ', '/**', ']]>', '--', '*/ throw 1 /*'],
  ...['{{name}}', '{{{code}}}', '{{#list tasks}}', '{{/list}}', '{{!', '{{', '}}', '<%', '%>', '#{x}', '%PATH%', '$(id)'],
  ...['../', '../../etc/passwd', '/etc/passwd', 'C:\\Windows\\', '\\\\host\\share', '.', '..', '/', '~', '~root', 'file:///'],
  ...['<script>alert(1)</script>', '<img src=x onerror=y>', '</code>', '[x](javascript:y)', '![x](y)', '](', 'https://e.com'],
  ...['www.e.com', 'a@e.com', '| x |', '|', '\n# H', '\n- x', '\n\n    x', '```', '~~~', '***', '___', '_x_', '**x**', '&amp;'],
  ...['&lt;', '&#96;', '<b>', ': ', ': &a *a', '- x: [', '!!js/function', '? ', '%YAML', '---', '...', '@x', '>', '|-', '{}'],
  ...['; rm -rf /', '&& x', '| x', '> x', '$x', '!!', '& calc &', '^', '*', '?', '=', '-n', '--help', '\\\n', "'\\''"],
  ...['@ts-nocheck', '@ts-ignore', '@ts-expect-error', 'eslint-disable', '/ <reference path="x" />', '# sourceMappingURL=x'],
  ...['🎉', '👩‍👩‍👧', '名前', 'é', 'e\u0301', 'ß', 'İ', 'ı', 'ﬁ', '１', '١٢٣', '\u202e', '\u2066', '\u200b', '\u200d', '\ufeff', '\u00a0'],
  ...['\u3164', '\u{e0001}', '\u{10ffff}', '\ue000', '\ufffe', '\u0300', ' ', '  ', '_', '__', '-', '1', '1ST', 'A', 'a'],
];

/** Names that every object has. An object literal has these properties, whatever its type says. */
export const OBJECT_MEMBERS: readonly string[] = Object.getOwnPropertyNames(Object.prototype);

/** Words with a meaning in a language, in Temporal, in an operating system or in the templates, as they are and as codes. */
// oxfmt-ignore
const WORDS: readonly string[] = [
  ...[...OBJECT_MEMBERS, 'prototype', 'then', 'default', 'class', 'await'],
  ...['THEN', 'TO_STRING', 'VALUE_OF', 'HAS_OWN_PROPERTY', 'TO_JSON', 'DEFAULT', 'CLASS', 'CONSTRUCTOR', 'DELETE', 'ASYNC'],
  ...['TASKS', 'KUFLOW', 'ACTIVITIES', 'ACTIVITIES_MODULE', 'METADATA', 'ENTITY', 'PROCESS_ID', 'PROCESS', 'REQUEST', 'LOG'],
  ...['INPUT', 'EXAMPLE', 'HUMAN', 'SYSTEM', 'MESSAGE', 'THREAD', 'OPEN_PROCESS', 'OWN_ACTIVITIES', 'WORKFLOW_REQUEST', 'VOID'],
  ...['tasks', 'kuflow', 'activities', 'createActivities', 'Metadata', 'Entity', 'processId', 'request', 'log', 'input', 'human'],
  ...['WorkflowRequest', 'WorkflowResponse', 'openProcess', 'ownActivities', 'humanTask', 'undefined', 'NaN', 'arguments', 'eval'],
  ...['Record', 'Promise', 'Object', 'Array', 'DATE', 'RECORD', 'PROMISE', 'OBJECT', 'STRING', 'Date', 'string', 'unknown', 'any'],
  ...['__temporal_x', '__stack_trace', 'CON', 'NUL', 'con', 'COM1', 'LPT9', 'aux.txt', 'CLOCK$', 'x.', 'x ', ' x', 'node_modules'],
  ...['true', 'false', 'null', '~', 'yes', 'no', 'on', 'off', '0x1F', '1e3', '010', '.inf', '2024-01-01', '<<', '=', 'FILL_ME'],
  ...['A_DATA', 'A_INPUT', 'A_CONTEXT', 'A_1B', 'A1_B', 'A1B', 'AB', 'A_B', 'aB', 'a_b', 'A__B', '_A', 'A_', 'LOAN_X1234567890'],
];

/** Two texts of the same words whose SHA-256 hashes start with the same ten digits; a search finds such a pair in seconds. */
export const SAME_HASH = [
  'application for a loan by a company abroad !!!!!?!!!?!!??!!?!!!!?!',
  'application for a loan by a company abroad !!??!???????!?!???!!?!!',
] as const;

/** Families of texts that are equal to people, to a file system or after normalization. */
// oxfmt-ignore
const FAMILIES: readonly (readonly string[])[] = [
  ['LOAN_APPLICATION', 'loan_application', 'Loan Application', 'loan-application', 'LoanApplication', 'loanApplication'],
  ['LOAN__APPLICATION', 'loan.application', 'LOAN-APPLICATION', ' LOAN_APPLICATION', 'LOAN_APPLICATION ', 'loan/application'],
  ['é', 'e\u0301', 'É', 'E\u0301', 'e', 'E'],
  ['\u212b', '\u00c5', 'A\u030a', 'å'],
  ['!', '?', '-', '…', '.', '..', '🎉', '🎊', '\u200b', '\u200c'],
  ['ﬁ', 'fi', 'FI', 'Fi', 'ＦＩ', 'fı'],
  ['ß', 'ss', 'SS', 'ẞ'],
  SAME_HASH,
  [`${MARK}!`, `${MARK}?`, `${MARK} `, MARK.toUpperCase(), `${MARK}\u0301`, `_${MARK}`, `${MARK}_`],
];

/** A word of `WORDS`. */
export const takenWord: fc.Arbitrary<string> = fc.constantFrom(...WORDS);

const fragment = fc.constantFrom(...FRAGMENTS);
const around = fc.array(fragment, { maxLength: 3 }).map((parts) => parts.join(''));
const marked = fc.tuple(around, around).map(([before, after]) => before + MARK + after);
const anything = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
  .map(([before, after]) => before + MARK + after);
const long = fc
  .constantFrom('x', 'X', 'A_', `${MARK} `, `'${MARK}`, '*/', '`${', '🎉', 'e\u0301', '\n', '((', `"${MARK}\n`)
  .map((part) => MARK + part.repeat(Math.floor((10_000 - MARK.length) / part.length)));

/** A text that no process should contain and some process will. Never empty; half of them contain the mark. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 300, arbitrary: marked },
  { weight: 60, arbitrary: anything },
  { weight: 150, arbitrary: takenWord },
  { weight: 70, arbitrary: fc.constantFrom(...FAMILIES.flat()) },
  { weight: 1, arbitrary: long },
);

/** Texts that are not valid UTF-8 or not valid keys; reading a definition rejects them. */
export const impossibleText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ' ', '\n', '\u2003\ufeff', '\ud800', `${MARK}\udfff`, `\udc00\ud83d${MARK}`),
  fc
    .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { minLength: 1, maxLength: 6 })
    .map((units) => String.fromCharCode(...units)),
);

/** The texts of one family in any order, each for a separate task. */
export const collidingTexts: fc.Arbitrary<readonly string[]> = fc
  .constantFrom(...FAMILIES)
  .chain((family) => fc.shuffledSubarray([...family], { minLength: 2 }));
