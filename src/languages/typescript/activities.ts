import { isRecord, type Json, type JsonObject } from '../../base/json.ts';
import { MAX_CHOICES } from '../../schema/json-schema-ref.ts';
import { exampleLog, exampleNote, plainActivity, type ProcessActivity } from '../process-tasks.ts';
import { tsComment, tsValue } from './literals.ts';

/** What an activity does. `result` is an expression. */
function bodyOf({ task, action, isCreditCheck, result }: ProcessActivity) {
  if (action !== undefined) {
    return {
      about: `Creates the document of the action "${tsComment(action)}" and returns its URI.`,
      work: [
        '// TODO: create the document. This is an example.',
        "const path = join(await mkdtemp(join(tmpdir(), 'document-')), 'document.txt');",
        'await writeFile(path, `Process ${input.processId}\\n`);',
        "const document = await kuflow.documents.upload(path, { processId: input.processId, contentType: 'text/plain' });",
        'await rm(dirname(path), { recursive: true });',
        "log.info('The document was uploaded');",
      ],
      resultType: 'string',
      result: 'KuFlowFile.parse(document).uri',
    };
  }
  const work = [
    `// ${exampleNote(isCreditCheck)}`,
    'const { process } = await kuflow.retrieveProcess({ processId: input.processId });',
    `log.info('${exampleLog(isCreditCheck)}', { processCreatedAt: process.createdAt });`,
  ];
  if (task === undefined || result === undefined)
    return { about: 'TODO: describe it.', work, resultType: '{ readonly done: boolean }', result: '{ done: true }' };
  const { type, example } = result;
  const resultType = type?.name ?? 'Record<string, unknown>';
  const isCast = type !== undefined && !fitsLiteralType(example, type.schema);
  return {
    ...{ about: `Performs the "${tsComment(task)}" task and returns its data.`, work, resultType },
    result: tsValue(example, 4) + (isCast ? ` as unknown as ${resultType}` : ''),
  };
}

/** Whether the compiler surely accepts a literal of this value for the type of the schema. Otherwise, generated code casts it. */
function fitsLiteralType(value: Json | undefined, schema: unknown): boolean {
  if (!isRecord(schema) || ['$ref', 'anyOf', 'oneOf', 'allOf'].some((keyword) => keyword in schema)) return false;
  if ('const' in schema) return value === schema['const'] && !('enum' in schema) && !('type' in schema);
  const values = schema['enum'];
  if (Array.isArray(values) && values.length <= MAX_CHOICES) return values.includes(value);
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string' && hasPrefixOfFormat(value, schema['format']);
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
    case 'integer':
      return typeof value === 'number';
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value) && value.every((item: Json) => fitsLiteralType(item, schema['items']));
    case 'object':
      return isRecord(value) && objectFits(value, schema);
    default:
      return false;
  }
}

/** In TypeScript, a value that refers to something in KuFlow is a string with a prefix. */
function hasPrefixOfFormat(value: string, format: unknown): boolean {
  return typeof format !== 'string' || !format.startsWith('kuflow-') || value.startsWith(`${format}:`);
}

function objectFits(value: JsonObject, schema: Record<string, unknown>): boolean {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  if (Object.keys(properties).length === 0) return Object.keys(value).length === 0;
  // A required key without a schema is not part of the type.
  return (
    required.every(
      (name) => typeof name === 'string' && (Object.hasOwn(value, name) || !Object.hasOwn(properties, name)),
    ) &&
    Object.entries(value).every(
      ([name, item]) => Object.hasOwn(properties, name) && fitsLiteralType(item, properties[name]),
    )
  );
}

/** The text of a new activity, a method in the object that `createActivities` returns. */
export function renderActivity(activity: ProcessActivity): string {
  const { about, work, resultType, result } = bodyOf(activity);
  return [
    `  /** ${about} */`,
    `  async ${activity.name}(input: {`,
    '    readonly processId: string;',
    ...activity.inputs.map(({ variable, type = 'unknown' }) => `    readonly ${variable}: ${type};`),
    `  }): Promise<${resultType}> {`,
    ...work.map((line) => `    ${line}`),
    `    return ${result};`,
    '  },',
    '',
  ].join('\n');
}

const FACTORY = /^export const createActivities\b/m;
const END = /\n\}\);\n/;
const MEMBER = /^ {2}(?:async )?(['"]?)([\p{L}\p{N}_$]+)\1(?:\(|:)/gmu;

/** Where the object that `createActivities` returns starts and ends, or undefined if the function was rewritten. */
function findFactory(text: string): { readonly start: number; readonly end: number } | undefined {
  const start = text.search(FACTORY);
  const length = start === -1 ? -1 : text.slice(start).search(END);
  return length === -1 ? undefined : { start, end: start + length + 1 };
}

/** The names of the activities in a module, which are the members of what `createActivities` returns. */
export function activityNames(source: string): ReadonlySet<string> {
  const text = source.replaceAll('\r\n', '\n').replace(/\/\*[\s\S]*?\*\//g, ' ');
  const factory = findFactory(text);
  const body = factory === undefined ? '' : text.slice(factory.start, factory.end);
  return new Set([...body.matchAll(MEMBER)].map(([, , name = '']) => name));
}

/** Adds a new activity to a module, or returns undefined if its `createActivities` was rewritten. */
export function appendActivity(text: string, name: string): string | undefined {
  const factory = findFactory(text);
  if (factory === undefined) return undefined;
  const added = `\n${renderActivity(plainActivity(name))}`;
  return `${text.slice(0, factory.end)}${added}${text.slice(factory.end)}`;
}
