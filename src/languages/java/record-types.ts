import type { NamedSchema } from '../../schema/code-types.ts';
import {
  BUILDER,
  javaRecordOf,
  OTHERS,
  type JavaComponent,
  type JavaEnum,
  type JavaRecord,
  type JavaType,
} from './java-types.ts';
import { repeatsName } from '../task-names.ts';
import { javaDoc, javaString } from './literals.ts';
import { spaces } from '../templates/code.ts';
import { areAnnotationsShort, callLines, fill, fits, twoParts } from './wrap.ts';

const STEP = 4;

/** The members of a class with a record for each schema, indented for a class at column 0. */
export function declareJavaTypes(schemas: readonly NamedSchema[]): string {
  const records = schemas.map(({ name, schema }) => printRecord(javaRecordOf(name, schema), STEP).join('\n'));
  return records.map((record) => `${record}\n`).join('\n');
}

function printRecord(record: JavaRecord, indent: number): readonly string[] {
  const { name, components, nested } = record;
  const members = [
    ...(components.length === 0 ? [] : [printBuilderMethod(indent + STEP)]),
    ...nested.map((type) =>
      type.kind === 'record' ? printRecord(type, indent + STEP) : printEnum(type, indent + STEP),
    ),
    ...(components.length === 0 ? [] : [printBuilder(record, indent + STEP)]),
  ];
  const header = printHeader(name, components, indent);
  if (members.length === 0) return [...docLines(components, indent), ...header.slice(0, -1), `${header.at(-1) ?? ''}}`];
  return [
    ...docLines(components, indent),
    ...header,
    ...members.flatMap((lines) => ['', ...lines]),
    `${spaces(indent)}}`,
  ];
}

function docLines(components: readonly JavaComponent[], indent: number): readonly string[] {
  const lines = components.flatMap(({ name, about }) => {
    const text = javaDoc(about.filter((part) => !repeatsName(part, name)).join(' · '));
    return text === '' ? [] : [`${spaces(indent)} * @param ${name} ${text}`];
  });
  return lines.length === 0 ? [] : [`${spaces(indent)}/**`, ...lines, `${spaces(indent)} */`];
}

function printHeader(name: string, components: readonly JavaComponent[], indent: number): readonly string[] {
  const others = `@JsonAnySetter @JsonAnyGetter Map<String, Object> ${OTHERS}`;
  if (components.length === 0) {
    const start = `public record ${name}(`;
    return areAnnotationsShort(`${start}@JsonAnySetter @JsonAnyGetter`, indent)
      ? callLines('', { callee: `public record ${name}`, args: [others] }, ' {', indent)
      : [spaces(indent) + start, `${spaces(indent + 2 * STEP)}${others}) {`];
  }
  const blocks = components.map((component) => printComponent(component, indent + 2 * STEP));
  const lines = blocks.flatMap((block, at) => {
    const isBeforeOrAfterLong = at > 0 && (block.length > 1 || (blocks[at - 1] ?? []).length > 1);
    return isBeforeOrAfterLong ? ['', ...block] : block;
  });
  return [
    `${spaces(indent)}public record ${name}(`,
    ...lines,
    ...((blocks.at(-1) ?? []).length > 1 ? [''] : []),
    `${spaces(indent + 2 * STEP)}${others}) {`,
  ];
}

function printComponent({ name, property, type, nullable }: JavaComponent, indent: number): readonly string[] {
  const property_ = `@JsonProperty(${javaString(property)})`;
  const mark = nullable ? ['@Nullable'] : [];
  const line = `${spaces(indent)}${[property_, ...mark, nameOf(type), name].join(' ')},`;
  if (fits(line) && areAnnotationsShort([property_, ...mark].join(' '), indent)) return [line];
  const annotation = callLines('', { callee: '@JsonProperty', args: [javaString(property)] }, '', indent);
  return [
    ...(annotation.length === 1
      ? fill([property_, ...mark], indent)
      : [...annotation, ...mark.map((one) => spaces(indent) + one)]),
    ...twoParts(nameOf(type), `${name},`, indent),
  ];
}

function nameOf(type: JavaType): string {
  switch (type.kind) {
    case 'list':
      return `List<${markedNameOf(type.items, type.nullable)}>`;
    case 'map':
      // Without a known type, the values are not null for the compiler: code that reads them looks at what they are.
      return `Map<String, ${markedNameOf(type.values, type.nullable)}>`;
    default:
      return type.name;
  }
}

function markedNameOf(type: JavaType, nullable: boolean): string {
  const isAny = type.kind === 'plain' && type.name === 'Object';
  return nullable && !isAny ? `@Nullable ${nameOf(type)}` : nameOf(type);
}

function printBuilderMethod(indent: number): readonly string[] {
  return [
    `${spaces(indent)}public static Builder ${BUILDER}() {`,
    `${spaces(indent + STEP)}return new Builder();`,
    `${spaces(indent)}}`,
  ];
}

function printBuilder({ name, components }: JavaRecord, indent: number): readonly string[] {
  const inner = indent + STEP;
  const fields = components.flatMap((component) =>
    twoParts(`private @Nullable ${nameOf(component.type)}`, `${component.name};`, inner),
  );
  const setters = components.flatMap((component) => {
    const type = `${component.nullable ? '@Nullable ' : ''}${nameOf(component.type)}`;
    const assignment = twoParts(`this.${component.name} =`, `${component.name};`, inner + STEP);
    return [
      '',
      ...parameter(`public Builder ${component.name}`, type, component.name, inner),
      ...assignment,
      `${spaces(inner + STEP)}return this;`,
      `${spaces(inner)}}`,
    ];
  });
  return [
    `${spaces(indent)}public static final class Builder {`,
    '',
    ...fields,
    ...setters,
    '',
    `${spaces(inner)}@NullUnmarked`,
    `${spaces(inner)}public ${name} build() {`,
    ...callLines(
      'return ',
      { callee: `new ${name}`, args: [...components.map((component) => component.name), 'Map.of()'] },
      ';',
      inner + STEP,
    ),
    `${spaces(inner)}}`,
    `${spaces(indent)}}`,
  ];
}

function parameter(before: string, type: string, name: string, indent: number): readonly string[] {
  const lines = callLines('', { callee: before, args: [`${type} ${name}`] }, ' {', indent);
  const [first = '', second = ''] = lines;
  return lines.length === 1 || fits(second) ? lines : [first, ...twoParts(type, `${name}) {`, indent + 2 * STEP)];
}

// Forms change while processes run. A constant for all other values keeps a workflow from failing on the data of a completed task again
// and again. Data that is written with it fails the validation of the data.
function printEnum({ name, constants, other }: JavaEnum, indent: number): readonly string[] {
  const inner = indent + STEP;
  const body = indent + 2 * STEP;
  return [
    `${spaces(indent)}public enum ${name} {`,
    ...constants.flatMap(({ name, value }) => callLines('', { callee: name, args: [javaString(value)] }, ',', inner)),
    `${spaces(inner)}/** A value that was not in the schema when this code was generated. */`,
    ...callLines('', { callee: other.name, args: [javaString(other.value)] }, ';', inner),
    '',
    `${spaces(inner)}private final String value;`,
    '',
    `${spaces(inner)}${name}(String value) {`,
    `${spaces(body)}this.value = value;`,
    `${spaces(inner)}}`,
    '',
    `${spaces(inner)}@JsonCreator`,
    `${spaces(inner)}public static ${name} of(String value) {`,
    `${spaces(body)}return Arrays.stream(values())`,
    `${spaces(body + 2 * STEP)}.filter(constant -> constant.value.equals(value))`,
    `${spaces(body + 2 * STEP)}.findFirst()`,
    `${spaces(body + 2 * STEP)}.orElse(${other.name});`,
    `${spaces(inner)}}`,
    '',
    `${spaces(inner)}@JsonValue`,
    `${spaces(inner)}public String value() {`,
    `${spaces(body)}return value;`,
    `${spaces(inner)}}`,
    `${spaces(indent)}}`,
  ];
}
