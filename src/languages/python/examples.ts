import { spaces, type CodePosition } from '../templates/code.ts';
import { REFERENCE_TYPES } from '../../schema/kuflow-formats.ts';
import type { NamedSchema } from '../../schema/code-types.ts';
import { isJsonList, isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { displayWidth, inBrackets, printExpression, withArguments, type Expression } from './wrap.ts';
import { dictExpression, plainLiteral, pyString, valueExpression } from './literals.ts';
import { pythonTypeOf, type PythonType } from './python-types.ts';

/** Code that type checkers accept for the type of `declarePythonTypes`, between `before` and `after`. What they would reject is cast. */
export function pythonExample(value: JsonObject, named: NamedSchema, { indent, before, after }: CodePosition): string {
  const expression =
    typedExpression(value, pythonTypeOf(named, new Set())) ??
    withArguments('cast(', [named.name, valueExpression(value)], ')');
  const place = { indent, column: indent + displayWidth(before), after: displayWidth(after) };
  return spaces(indent) + before + printExpression(expression, place) + after;
}

/** The literal of the value if all type checkers accept it for the type. Undefined if type checkers disagree, as for unions of classes. */
function typedExpression(value: Json, type: PythonType): Expression | undefined {
  switch (type.kind) {
    case 'plain':
      return plainExpression(value, type.name);
    case 'literal':
      return type.values.some((one) => one === value) ? plainLiteral(value) : undefined;
    case 'list': {
      const items = isJsonList(value) ? allOf(value.map((item) => typedExpression(item, type.items))) : undefined;
      return items && inBrackets('[', items, ']');
    }
    case 'dict':
      return isJsonObject(value) ? entriesExpression(value, () => type.values) : undefined;
    case 'union':
      return unionExpression(value, type.members);
    case 'class': {
      if (!isJsonObject(value)) return undefined;
      const types = new Map(type.fields.map((field) => [field.key, field.type]));
      const isComplete = type.fields.every(({ key, required }) => !required || Object.hasOwn(value, key));
      return isComplete ? entriesExpression(value, (key) => types.get(key)) : undefined;
    }
  }
}

function plainExpression(value: Json, name: string): Expression | undefined {
  const when = (isValid: boolean): Expression | undefined => (isValid ? valueExpression(value) : undefined);
  switch (name) {
    case 'Any':
      return valueExpression(value);
    case 'None':
      return when(value === null);
    case 'bool':
      return when(typeof value === 'boolean');
    case 'int':
      return Number.isInteger(value) ? plainLiteral(value) : undefined;
    case 'float':
      return when(typeof value === 'number');
    case 'Never':
      return undefined;
    default:
      return typeof value === 'string' && REFERENCE_TYPES.includes(name)
        ? withArguments(`${name}(`, [pyString(value)], ')')
        : when(typeof value === 'string');
  }
}

/** By the member of a union that the value has. Undefined for a list or object if several members are possible. */
function unionExpression(value: Json, members: readonly PythonType[]): Expression | undefined {
  const isContainer = typeof value === 'object' && value !== null;
  const candidates = isContainer ? members.filter(({ kind }) => ['list', 'dict', 'class'].includes(kind)) : members;
  if (isContainer && candidates.length > 1) return undefined;
  // A value of a KuFlow format is also a `str`.
  return candidates.map((member) => typedExpression(value, member)).find((expression) => expression !== undefined);
}

function entriesExpression(value: JsonObject, typeOf: (key: string) => PythonType | undefined): Expression | undefined {
  const entries = Object.entries(value).map(([key, item]) => {
    const type = typeOf(key);
    const expression = type && typedExpression(item, type);
    return expression === undefined ? undefined : ([key, expression] as const);
  });
  const all = allOf(entries);
  return all && dictExpression(all);
}

/** Undefined if one of them is. */
function allOf<Item>(items: readonly (Item | undefined)[]): readonly Item[] | undefined {
  return items.every((item) => item !== undefined) ? items : undefined;
}
