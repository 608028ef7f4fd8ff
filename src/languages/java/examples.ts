import { spaces, type CodePosition } from '../templates/code.ts';
import { isJsonList, isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { BUILDER, javaRecordOf, type JavaEnum, type JavaRecord, type JavaType } from './java-types.ts';
import { javaString } from './literals.ts';
import { fill } from './wrap.ts';

const STEP = 8;
// palantir-java-format breaks a chain whose last call starts beyond this column.
const LAST_CALL = 80;
const MAX_PAIRS = 10;

type Expression =
  /** `isSimple`: a literal, several of which go on one line. */
  | { readonly kind: 'text'; readonly text: string; readonly isSimple: boolean }
  | { readonly kind: 'call'; readonly callee: string; readonly args: readonly Expression[] }
  | { readonly kind: 'chain'; readonly start: string; readonly calls: readonly Call[] };

interface Call {
  readonly name: string;
  readonly args: readonly Expression[];
}

/**
 * The code `before` + expression + `after`, in lines, whose expression is a value of a type of `declareJavaTypes`. Values that the types of the
 * record do not have are left out.
 */
export function javaExample(
  value: JsonObject,
  { name, schema }: { readonly name: string; readonly schema: JsonObject },
  { indent, before, after }: CodePosition,
): string {
  const expression = recordExpression(value, javaRecordOf(name, schema), name);
  return spaces(indent) + before + print(expression, indent, indent + before.length, after) + after;
}

function expressionOf(value: Json, type: JavaType, around: string): Expression | undefined {
  if (value === null) return undefined;
  switch (type.kind) {
    case 'plain':
      return plainExpression(value, type.name);
    case 'record':
      return isJsonObject(value) ? recordExpression(value, type, `${around}.${type.name}`) : undefined;
    case 'enum':
      return typeof value === 'string' ? enumExpression(value, type, `${around}.${type.name}`) : undefined;
    case 'list':
      return isJsonList(value)
        ? listExpression(value.map((item) => expressionOf(item, type.items, around)))
        : undefined;
    case 'map':
      return isJsonObject(value)
        ? mapExpression(Object.entries(value).map(([key, item]) => [key, expressionOf(item, type.values, around)]))
        : undefined;
  }
}

function recordExpression(value: JsonObject, { components }: JavaRecord, name: string): Expression {
  if (components.length === 0) {
    const others = mapExpression(Object.entries(value).map(([key, item]) => [key, anyExpression(item)]));
    return { kind: 'call', callee: `new ${name}`, args: [others] };
  }
  const calls = components.flatMap((component): readonly Call[] => {
    if (!Object.hasOwn(value, component.property)) return [];
    const item = expressionOf(value[component.property] ?? null, component.type, name);
    return item === undefined ? [] : [{ name: component.name, args: [item] }];
  });
  return { kind: 'chain', start: `${name}.${BUILDER}()`, calls: [...calls, { name: 'build', args: [] }] };
}

function enumExpression(value: string, { constants }: JavaEnum, name: string): Expression | undefined {
  const constant = constants.find((one) => one.value === value);
  return constant && { kind: 'text', text: `${name}.${constant.name}`, isSimple: false };
}

/** Without the values that are null: these collections do not accept them. */
function listExpression(items: readonly (Expression | undefined)[]): Expression {
  return { kind: 'call', callee: 'List.of', args: items.filter((item) => item !== undefined) };
}

function mapExpression(entries: readonly (readonly [key: string, value: Expression | undefined])[]): Expression {
  const pairs = entries.flatMap(([key, value]) =>
    value === undefined ? [] : [[simple(javaString(key)), value] as const],
  );
  if (pairs.length <= MAX_PAIRS) return { kind: 'call', callee: 'Map.of', args: pairs.flat() };
  return {
    kind: 'call',
    callee: 'Map.ofEntries',
    args: pairs.map((pair) => ({ kind: 'call', callee: 'Map.entry', args: pair })),
  };
}

function plainExpression(value: Json, type: string): Expression | undefined {
  switch (type) {
    case 'Object':
      return anyExpression(value);
    case 'Boolean':
      return typeof value === 'boolean' ? simple(String(value)) : undefined;
    case 'Long':
      return typeof value === 'number' && Number.isSafeInteger(value) ? simple(`${BigInt(value)}L`) : undefined;
    case 'BigDecimal':
      return typeof value === 'number' ? decimal(value) : undefined;
    case 'String':
      return typeof value === 'string' ? simple(javaString(value)) : undefined;
    case 'LocalDate':
      return isText(value, /^\d{4}-(?:0\d|1[0-2])-(?:[01]\d|2[0-8])$/) ? parsed(type, value) : undefined;
    case 'OffsetDateTime':
      return isText(value, /^\d{4}-(?:0\d|1[0-2])-(?:[01]\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/)
        ? parsed(type, value)
        : undefined;
    default:
      return typeof value === 'string' ? created(type, value) : undefined;
  }
}

/** A value for which the schema has no type in Java. */
function anyExpression(value: Json): Expression | undefined {
  if (value === null) return undefined;
  if (isJsonList(value)) return listExpression(value.map(anyExpression));
  if (isJsonObject(value)) return mapExpression(Object.entries(value).map(([key, item]) => [key, anyExpression(item)]));
  if (typeof value !== 'number') return simple(typeof value === 'string' ? javaString(value) : String(value));
  return Number.isSafeInteger(value) ? simple(`${BigInt(value)}L`) : decimal(value);
}

const simple = (text: string): Expression => ({ kind: 'text', text, isSimple: true });
const decimal = (value: number): Expression => created('BigDecimal', String(value));
const created = (type: string, text: string): Expression => call(`new ${type}`, javaString(text));
const parsed = (type: string, text: string): Expression => call(`${type}.parse`, javaString(text));
const call = (callee: string, text: string): Expression => ({ kind: 'call', callee, args: [simple(text)] });

function isText(value: Json, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

/** The expression, which starts at `column` of a line with this indentation and is followed by `after`. */
function print(expression: Expression, indent: number, column: number, after: string): string {
  const line = printOnLine(expression);
  if (expression.kind === 'text' || (column + line.length + after.length <= 120 && canBeOnLine(expression, column)))
    return line;
  if (expression.kind === 'call')
    return expression.callee + printArguments(expression.args, indent, column + expression.callee.length, after);
  const { start, calls } = expression;
  const inner = indent + STEP;
  return [
    start,
    ...calls.map(({ name, args }, at) => {
      const rest = at === calls.length - 1 ? after : '';
      return `\n${spaces(inner)}.${name}${printArguments(args, inner, inner + name.length + 1, rest)}`;
    }),
  ].join('');
}

function printOnLine(expression: Expression): string {
  switch (expression.kind) {
    case 'text':
      return expression.text;
    case 'call':
      return `${expression.callee}(${expression.args.map(printOnLine).join(', ')})`;
    case 'chain':
      return (
        expression.start +
        expression.calls.map(({ name, args }) => `.${name}(${args.map(printOnLine).join(', ')})`).join('')
      );
  }
}

/** Whether no chain in it has its last call too far to the right. */
function canBeOnLine(expression: Expression, column: number): boolean {
  if (expression.kind === 'text') return true;
  if (expression.kind === 'chain') {
    const line = printOnLine(expression);
    if (column + line.length - '.build()'.length > LAST_CALL) return false;
    let at = column + expression.start.length;
    return expression.calls.every((one) => {
      const isFine = canArgumentsBeOnLine(one.args, at + one.name.length + 2);
      at += printOnLine({ kind: 'call', callee: one.name, args: one.args }).length + 1;
      return isFine;
    });
  }
  return canArgumentsBeOnLine(expression.args, column + expression.callee.length + 1);
}

function canArgumentsBeOnLine(args: readonly Expression[], column: number): boolean {
  let at = column;
  return args.every((arg) => {
    const isFine = canBeOnLine(arg, at);
    at += printOnLine(arg).length + 2;
    return isFine;
  });
}

function printArguments(args: readonly Expression[], indent: number, column: number, after: string): string {
  const line = args.map(printOnLine).join(', ');
  if (column + line.length + 2 + after.length <= 120 && canArgumentsBeOnLine(args, column + 1)) return `(${line})`;
  const [first] = args;
  const inner = indent + STEP;
  // A single argument stays on the line and is broken itself, unless it does not begin there or is not broken on the next line.
  if (args.length === 1 && first !== undefined && first.kind !== 'text') {
    const isChain = first.kind === 'chain';
    const fitsOnNext = isChain && inner + line.length + 1 + after.length <= 120 && canBeOnLine(first, inner);
    const begins = !isChain || column + 1 + first.start.length <= 120;
    if (!fitsOnNext && begins) return `(${print(first, indent, column + 1, `)${after}`)})`;
    return `(\n${spaces(inner)}${print(first, inner, inner, `)${after}`)})`;
  }
  if (inner + line.length + 1 + after.length <= 120 && canArgumentsBeOnLine(args, inner))
    return `(\n${spaces(inner)}${line})`;
  const isSimple = args.every((arg) => arg.kind === 'text' && arg.isSimple);
  const texts = args.map((arg, at) => {
    const end = at === args.length - 1 ? ')' : ',';
    return print(arg, inner, inner, end + (end === ')' ? after : '')) + end;
  });
  const lines = isSimple ? fill(texts, inner) : texts.map((text) => spaces(inner) + text);
  return `(\n${lines.join('\n')}`;
}
