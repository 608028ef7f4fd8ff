import type { JsonObject } from '../../base/json.ts';
import { kuFlowFormat } from '../../schema/kuflow-formats.ts';
import { schemaTypeOf, type Property, type SchemaType } from '../../schema/code-types.ts';
import { repeatsName } from '../task-names.ts';
import { tsComment, tsPropertyKey, tsString } from './literals.ts';

interface Type {
  readonly text: string;
  readonly operator?: '|' | '&';
}

const UNKNOWN: Type = { text: 'unknown' };

/**
 * A TypeScript type for the values that are valid under a JSON Schema: `export interface Name {…}` for plain objects, `export type Name = …` for
 * everything else. Leaves out what types cannot express (patterns, lengths, `not`, `if`): the type is never narrower than the schema.
 */
export function declarationOfSchema(name: string, schema: JsonObject): string {
  const { text, operator } = print(schemaTypeOf(schema), '');
  return text.startsWith('{\n') && operator === undefined
    ? `export interface ${name} ${text}\n`
    : `export type ${name} = ${text};\n`;
}

function print(type: SchemaType, indent: string): Type {
  switch (type.kind) {
    case 'integer':
      return { text: 'number' };
    case 'text':
      return { text: kuFlowFormat(type.format)?.type ?? 'string' };
    case 'literal':
      return { text: typeof type.value === 'string' ? tsString(type.value) : String(type.value) };
    case 'list':
      return { text: `${inParentheses(print(type.items, indent))}[]` };
    case 'map':
      return { text: `Record<string, ${print(type.values, indent).text}>` };
    case 'object':
      return { text: printObject(type.properties, indent) };
    case 'union':
      return union(type.members.map((member) => print(member, indent)));
    case 'intersection':
      return intersection(type.members.map((member) => print(member, indent)));
    default:
      return { text: type.kind };
  }
}

function printObject(properties: readonly Property[], indent: string): string {
  const deeper = `${indent}  `;
  const lines = properties.flatMap(({ name, required, about, type }) => {
    const comment = tsComment(about.filter((text) => !repeatsName(text, name)).join(' · '));
    // Without its own `toString`, an object still has the inherited function, which no other type accepts.
    const { text } = !required && name in Object.prototype ? UNKNOWN : print(type, deeper);
    return [
      ...(comment === '' ? [] : [`${deeper}/** ${comment} */`]),
      `${deeper}${tsPropertyKey(name)}${required ? '' : '?'}: ${text};`,
    ];
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

// Different types can have the same text: `number` is also the type of integers.
function union(types: readonly Type[]): Type {
  const members = distinct(types);
  const [first = UNKNOWN] = members;
  if (members.length <= 1) return first;
  const texts = members.map((member) => (member.operator === '&' ? inParentheses(member) : member.text));
  return { text: texts.join(' | '), operator: '|' };
}

function intersection(types: readonly Type[]): Type {
  const members = distinct(types);
  const [first = UNKNOWN] = members;
  return members.length <= 1 ? first : { text: members.map(inParentheses).join(' & '), operator: '&' };
}

function distinct(types: readonly Type[]): readonly Type[] {
  return [...new Map(types.map((type) => [type.text, type])).values()];
}

function inParentheses({ text, operator }: Type): string {
  return operator === undefined ? text : `(${text})`;
}
