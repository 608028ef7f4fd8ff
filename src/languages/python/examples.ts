import type { CodePosition } from '../templates/code.ts';
import { REFERENCE_TYPES } from '../../schema/formats.ts';
import type { NamedSchema } from '../../schema/types.ts';
import { spaces } from '../../base/spaces.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { pythonImportsOf, type Import } from './imports.ts';
import { displayWidth, inBrackets, printExpression, withArguments, type Expression } from './layout.ts';
import { dictExpression, pyString, valueExpression } from './literals.ts';
import { pythonTypeOf, type PythonClass, type PythonType } from './python-types.ts';

/**
 * Code for this value between `before` and `after`, and its imports. Type checkers accept it for the type that `declarePythonTypes`
 * declares. A value that they would reject is cast.
 */
export function pythonExample(
  value: JsonObject,
  named: NamedSchema,
  { indent, before, after }: CodePosition,
): { readonly code: string; readonly imports: readonly Import[] } {
  const type = pythonTypeOf(named, new Set());
  const expression = fits(value, type)
    ? typedExpression(value, type)
    : withArguments('cast(', [named.name, valueExpression(value)], ')');
  const place = { indent, column: indent + displayWidth(before), after: displayWidth(after) };
  const code = printExpression(expression, place);
  return { code: spaces(indent) + before + code + after, imports: pythonImportsOf(code) };
}

/** Whether all type checkers accept the literal of the value for the type. False if type checkers disagree, as for unions of classes. */
function fits(value: Json, type: PythonType): boolean {
  switch (type.kind) {
    case 'plain':
      return fitsPlain(value, type.name);
    case 'literal':
      return type.values.some((one) => one === value);
    case 'list':
      return isList(value) && value.every((item) => fits(item, type.items));
    case 'dict':
      return isObject(value) && Object.values(value).every((item) => fits(item, type.values));
    case 'union':
      return memberFor(value, type.members) !== undefined;
    case 'class':
      return isObject(value) && fitsClass(value, type);
  }
}

function fitsPlain(value: Json, name: string): boolean {
  switch (name) {
    case 'Any':
      return true;
    case 'None':
      return value === null;
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'Never':
      return false;
    default:
      return typeof value === 'string';
  }
}

function fitsClass(value: JsonObject, { fields }: PythonClass): boolean {
  const types = new Map(fields.map(({ key, type }) => [key, type]));
  return (
    fields.every(({ key, required }) => !required || Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, item]) => {
      const type = types.get(key);
      return type !== undefined && fits(item, type);
    })
  );
}

/** The member of a union that the value has. Undefined for a list or object if several members are possible. */
function memberFor(value: Json, members: readonly PythonType[]): PythonType | undefined {
  const isContainer = typeof value === 'object' && value !== null;
  const candidates = isContainer ? members.filter(({ kind }) => ['list', 'dict', 'class'].includes(kind)) : members;
  if (isContainer && candidates.length > 1) return undefined;
  // A value of a KuFlow format is also a `str`.
  return candidates.find((member) => fits(value, member));
}

function typedExpression(value: Json, type: PythonType): Expression {
  switch (type.kind) {
    case 'plain':
      if (typeof value === 'string' && REFERENCE_TYPES.includes(type.name))
        return withArguments(`${type.name}(`, [pyString(value)], ')');
      return type.name === 'int' ? integer(value) : valueExpression(value);
    case 'list':
      return isList(value)
        ? inBrackets(
            '[',
            value.map((item) => typedExpression(item, type.items)),
            ']',
          )
        : valueExpression(value);
    case 'dict':
      return isObject(value) ? entriesExpression(value, () => type.values) : valueExpression(value);
    case 'union': {
      const member = memberFor(value, type.members);
      return member === undefined ? valueExpression(value) : typedExpression(value, member);
    }
    case 'class': {
      const types = new Map(type.fields.map((field) => [field.key, field.type]));
      return isObject(value) ? entriesExpression(value, (key) => types.get(key)) : valueExpression(value);
    }
    case 'literal':
      return integer(value);
  }
}

function integer(value: Json): Expression {
  if (typeof value !== 'number') return valueExpression(value);
  const text = Object.is(value, -0) ? '0' : String(value).replace('e+', 'e');
  // Python reads a number with an exponent as a float.
  return text.includes('e') ? `int(${text})` : text;
}

function entriesExpression(value: JsonObject, typeOf: (key: string) => PythonType | undefined): Expression {
  return dictExpression(
    Object.entries(value).map(([key, item]) => {
      const type = typeOf(key);
      return [key, type === undefined ? valueExpression(item) : typedExpression(item, type)];
    }),
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return isRecord(value);
}
