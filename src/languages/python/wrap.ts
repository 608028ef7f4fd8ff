import { spaces } from '../templates/code.ts';

/** The length of lines in generated code, as in the template's settings of `ruff`. */
export const LINE_LENGTH = 120;
const STEP = 4;

/** An expression that `ruff format` can break into lines. */
export type Expression =
  | string
  | Brackets
  /** Operands of `|`. */
  | { readonly kind: 'union'; readonly prefix: string; readonly members: readonly Expression[] };

interface Brackets {
  readonly kind: 'brackets';
  readonly open: string;
  readonly items: readonly Expression[];
  readonly close: string;
  /** Whether all items can be on one separate line. Arguments can; the items of a list cannot. */
  readonly canShareLine: boolean;
}

/** A list or dictionary. */
export function inBrackets(open: string, items: readonly Expression[], close: string): Expression {
  return { kind: 'brackets', open, items, close, canShareLine: false };
}

/** A call or the arguments of a type. */
export function withArguments(open: string, items: readonly Expression[], close: string): Expression {
  return { kind: 'brackets', open, items, close, canShareLine: true };
}

export function withPrefix(prefix: string, expression: Expression): Expression {
  if (typeof expression === 'string') return prefix + expression;
  return expression.kind === 'union'
    ? { ...expression, prefix: prefix + expression.prefix }
    : { ...expression, open: prefix + expression.open };
}

/** Where an expression is: `indent` is that of its lines, its first line starts at `column`, and `after` columns follow its last line. */
export interface Place {
  readonly indent: number;
  readonly column: number;
  readonly after: number;
  readonly lineLength?: number;
}

/** The expression as `ruff format` prints it inside brackets. */
export function printExpression(expression: Expression, place: Place): string {
  const { indent, column, after, lineLength = LINE_LENGTH } = place;
  const line = onOneLine(expression);
  if (typeof expression === 'string' || column + displayWidth(line) + after <= lineLength) return line;
  if (expression.kind === 'union') {
    const { prefix, members } = expression;
    const texts = members.map((member, index) => {
      const [start, from] = index === 0 ? [prefix, column] : ['| ', indent];
      const rest = index === members.length - 1 ? after : 0;
      return start + printExpression(member, { ...place, column: from + displayWidth(start), after: rest });
    });
    return texts.join(`\n${spaces(indent)}`);
  }
  const { open, items, close, canShareLine } = expression;
  if (items.length === 0) return line;
  const inner = indent + STEP;
  const joined = items.map(onOneLine).join(', ');
  const fitsOnLine = canShareLine && inner + displayWidth(joined) <= lineLength;
  const comma = items.length === 1 ? '' : ',';
  const lines = fitsOnLine
    ? [joined]
    : items.map(
        (item) => printExpression(item, { ...place, indent: inner, column: inner, after: comma.length }) + comma,
      );
  return [open, ...lines.map((one) => spaces(inner) + one), spaces(indent) + close].join('\n');
}

/** The expression as `ruff format` prints it outside of brackets: operands on several lines are in parentheses. */
export function printStatement(expression: Expression, place: Place): string {
  const { indent, column, after, lineLength = LINE_LENGTH } = place;
  const fits = column + displayWidth(onOneLine(expression)) + after <= lineLength;
  if (typeof expression === 'string' || expression.kind !== 'union' || fits) return printExpression(expression, place);
  const inner = indent + STEP;
  const text = printExpression(expression, { ...place, indent: inner, column: inner, after: 0 });
  return `(\n${spaces(inner)}${text}\n${spaces(indent)})`;
}

function onOneLine(expression: Expression): string {
  if (typeof expression === 'string') return expression;
  if (expression.kind === 'union') return expression.prefix + expression.members.map(onOneLine).join(' | ');
  return expression.open + expression.items.map(onOneLine).join(', ') + expression.close;
}

const NARROW = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

/** The columns of a text for `ruff`, which adds up those of its characters. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  return Array.from(text).reduce((sum, one) => sum + (NARROW.test(one) ? 0 : WIDE.test(one) ? 2 : 1), 0);
}

/** The code `before callee(args) after`, formatted like `ruff format`. */
export function pythonCall(
  before: string,
  callee: string,
  args: readonly Expression[],
  indent: number,
  after = '',
): string {
  const start = spaces(indent) + before;
  const place = { indent, column: displayWidth(start), after: displayWidth(after) };
  return start + printStatement(withArguments(`${callee}(`, args, ')'), place) + after;
}
