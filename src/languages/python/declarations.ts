import { REFERENCE_TYPES } from '../../schema/kuflow-formats.ts';
import type { NamedSchema } from '../../schema/code-types.ts';
import { spaces } from '../templates/code.ts';
import { repeatsName } from '../task-names.ts';
import { isPythonField, plainLiteral, pyCommentLines, pyString } from './literals.ts';
import { displayWidth, LINE_LENGTH, printExpression, printStatement, withArguments, type Expression } from './wrap.ts';
import { pythonTypeOf, type PythonClass, type PythonField, type PythonType } from './python-types.ts';

const STEP = 4;

const METADATA = 'Metadata';

/** Declarations of types for data, formatted like `ruff format`. They follow the imports and an empty line. */
export function declarePythonTypes(schemas: readonly NamedSchema[]): string {
  const taken = new Set([...schemas.map(({ name }) => name), ...REFERENCE_TYPES]);
  const declarations = schemas.flatMap((named) => {
    const declared = pythonTypeOf(named, taken);
    const type = named.name === METADATA ? withOptionalFields(declared) : declared;
    const classes = classesIn(type).map(printClass);
    return type.kind === 'class' ? classes : [...classes, printAlias(named.name, type)];
  });
  // The import rules of ruff want two empty lines between imports and a class, and one before other statements.
  const start = declarations[0]?.startsWith('class ') === true ? '\n' : '';
  return `${start}${declarations.join('\n\n\n')}\n`;
}

/** Metadata can be written field by field, and a process may have no value for a required field yet. */
function withOptionalFields(type: PythonType): PythonType {
  if (type.kind !== 'class') return type;
  return { ...type, fields: type.fields.map((field) => ({ ...field, required: false })) };
}

/** The classes that a type uses, each after those that it uses. */
function classesIn(type: PythonType): readonly PythonClass[] {
  switch (type.kind) {
    case 'list':
      return classesIn(type.items);
    case 'dict':
      return classesIn(type.values);
    case 'union':
      return type.members.flatMap(classesIn);
    case 'class':
      return [...type.fields.flatMap((field) => classesIn(field.type)), type];
    default:
      return [];
  }
}

function printAlias(name: string, type: PythonType): string {
  const start = `${name}: TypeAlias = `;
  return start + printStatement(expressionOf(type), { indent: 0, column: displayWidth(start), after: 0 });
}

function printClass({ name, fields }: PythonClass): string {
  return fields.every(({ key }) => isPythonField(key)) ? printPlainClass(name, fields) : printFunction(name, fields);
}

function printPlainClass(name: string, fields: readonly PythonField[]): string {
  const lines = fields.flatMap((field) => {
    const start = `${spaces(STEP)}${field.key}: `;
    const type = printStatement(fieldType(field), { indent: STEP, column: displayWidth(start), after: 0 });
    return [...commentLines(field, STEP), start + type];
  });
  return [`class ${name}(TypedDict):`, ...lines].join('\n');
}

/** For keys that are not identifiers. */
function printFunction(name: string, fields: readonly PythonField[]): string {
  const indent = 2 * STEP;
  const lines = fields.flatMap((field) => {
    const start = `${spaces(indent)}${pyString(field.key)}: `;
    const type = printExpression(fieldType(field), { indent, column: displayWidth(start), after: 1 });
    return [...commentLines(field, indent), `${start}${type},`];
  });
  return [`${name} = TypedDict(`, `    ${pyString(name)},`, '    {', ...lines, '    },', ')'].join('\n');
}

function commentLines({ key, about }: PythonField, indent: number): readonly string[] {
  const start = `${spaces(indent)}# `;
  const parts = about.filter((text) => !repeatsName(text, key));
  return pyCommentLines(parts.join(' · '), LINE_LENGTH - start.length).map((line) => start + line);
}

function fieldType({ required, type }: PythonField): Expression {
  const expression = expressionOf(type);
  return required ? expression : withArguments('NotRequired[', [expression], ']');
}

function expressionOf(type: PythonType): Expression {
  switch (type.kind) {
    case 'literal':
      return withArguments('Literal[', type.values.map(plainLiteral), ']');
    case 'list':
      return withArguments('list[', [expressionOf(type.items)], ']');
    case 'dict':
      return withArguments('dict[', ['str', expressionOf(type.values)], ']');
    case 'union':
      return { kind: 'union', prefix: '', members: type.members.map(expressionOf) };
    default:
      return type.name;
  }
}
