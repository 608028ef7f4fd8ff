import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { codeOf, messageOf, usageError } from '../../base/errors.ts';
import { capitalize } from '../../base/identifiers.ts';
import { isRecord, parseJsonText, type Json, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { findUnknownProperties } from '../../schema/unknown-properties.ts';
import { findReferences } from '../../schema/kuflow-references.ts';
import { nearMatch } from '../../base/near-match.ts';
import { createValueCheck, type CheckedValue } from '../domain/json-values.ts';
import {
  isShorthand,
  withAbsolutePaths,
  withNamedReferences,
  withPendingDocuments,
  type ResourceAccess,
} from '../domain/references.ts';

/** Where the data of a process or task comes from: a file, or single values that change the existing data. */
export interface DataSource {
  /** YAML or JSON, relative to `cwd`; `-` is standard input. */
  readonly file?: string | undefined;
  /** `<property>=<value>`, in order. */
  readonly assignments?: readonly string[] | undefined;
  /** Skips the check against the schema. */
  readonly allowInvalid?: boolean | undefined;
  /** Whether the command has `--allow-invalid`, which its errors then mention. Default: true. */
  readonly canAllowInvalid?: boolean | undefined;
  /** Accepts data in which required properties are missing. */
  readonly draft?: boolean | undefined;
}

export interface DataTarget {
  /** Names the data in errors, such as `task REVIEW`. */
  readonly where: string;
  readonly shape: DataShape | undefined;
  readonly existing: JsonObject;
  /** With a process, documents can be uploaded to it. */
  readonly access: ResourceAccess;
}

interface DataInput {
  /** Absolute. */
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream;
}

/**
 * Reads the data, checks it, and then replaces the shorthands in it by references, which uploads documents. Undefined if the source does not name
 * any data. Rejects with a usage error for data that cannot be read or does not match its schema.
 */
export async function prepareGivenData(
  source: DataSource,
  { where, shape, existing, access }: DataTarget,
  input: DataInput,
): Promise<JsonObject | undefined> {
  const given = await readGivenData(source, { ...input, existing, shape });
  if (given === undefined) return undefined;
  if (access.processId === undefined) rejectDocuments(given, where);
  const { allowInvalid = false, canAllowInvalid, draft } = source;
  if (!allowInvalid) {
    // Assignments change the existing data, which may have properties that the schema does not declare.
    const isKept = ([name, value]: [string, Json]): boolean => source.file === undefined && existing[name] === value;
    const changed = Object.fromEntries(Object.entries(given).filter((entry) => !isKept(entry)));
    rejectUnknownProperties(changed, shape, where, canAllowInvalid);
  }
  const data = await withNamedReferences(given, { ...access, processId: undefined });
  if (!allowInvalid) requireValidData(withPendingDocuments(data), shape, where, { draft, canAllowInvalid });
  return await withNamedReferences(data, access);
}

/** Reads the file, then applies the assignments to it, or to `existing` without a file. Undefined if the source does not name any data. */
export async function readGivenData(
  source: Pick<DataSource, 'file' | 'assignments'>,
  { cwd, stdin, existing, shape }: DataInput & Pick<DataTarget, 'existing' | 'shape'>,
): Promise<JsonObject | undefined> {
  const { file, assignments = [] } = source;
  if (file === undefined && assignments.length === 0) return undefined;
  const assigned = Object.fromEntries(assignments.map((assignment) => parseAssignment(assignment, shape)));
  const data = file === undefined ? existing : await readObject(file, { cwd, stdin });
  return { ...data, ...absolutePathsOf('--set', assigned, cwd) };
}

/** As `withAbsolutePaths`; the message of the usage error begins with `source`. */
function absolutePathsOf(source: string, data: JsonObject, folder: string): JsonObject {
  try {
    return withAbsolutePaths(data, folder);
  } catch (error) {
    throw usageError(`${source}: ${messageOf(error)}`);
  }
}

async function readObject(file: string, { cwd, stdin }: DataInput): Promise<JsonObject> {
  const name = file === '-' ? 'Standard input' : file;
  let value: unknown;
  try {
    value = parse(file === '-' ? await text(stdin) : await readFile(resolve(cwd, file), 'utf8'));
  } catch (error) {
    throw usageError(
      codeOf(error) === 'ENOENT'
        ? `${file} does not exist`
        : `${name} cannot be read as YAML or JSON: ${messageOf(error)}`,
    );
  }
  if (!isRecord(value)) throw usageError(`${name} must contain an object with the data`);
  return absolutePathsOf(name, value as JsonObject, file === '-' ? cwd : dirname(resolve(cwd, file)));
}

/** `amount=5` as `['amount', 5]`. The value is parsed as JSON if possible, and is text otherwise. It is always text if the schema declares a string. */
export function parseAssignment(assignment: string, shape: DataShape | undefined): readonly [string, Json] {
  const at = assignment.indexOf('=');
  if (at < 1)
    throw usageError(`Expected --set <name>=<value>, not "${assignment}"`, [
      'Example: --set firstName=Jane --set approved=true',
    ]);
  const [name, value] = [assignment.slice(0, at), assignment.slice(at + 1)];
  const properties = shape?.schema['properties'];
  const property = isRecord(properties) ? properties[name] : undefined;
  if (isRecord(property) && property['type'] === 'string') return [name, value];
  const parsed = parseJsonText(value) as Json | undefined;
  return [name, parsed === undefined ? value : parsed];
}

/** Throws a usage error with the path of each problem of the data. In a draft, required properties may be missing. */
export function requireValidData(
  data: JsonObject,
  shape: DataShape | undefined,
  where: string,
  { draft = false, canAllowInvalid = true }: Pick<DataSource, 'draft' | 'canAllowInvalid'> = {},
): void {
  const { errors = [] } = createValueCheck(shape, where)(data);
  const problems = draft ? problemsOfDraft(errors) : errors;
  if (problems.length === 0) return;
  throw usageError(`Data does not match the schema of ${where}: ${formatValueErrors(problems)}`, [
    'Correct the data',
    ...(canAllowInvalid ? ['To send it anyway, pass --allow-invalid'] : []),
  ]);
}

type ValueErrors = readonly Partial<NonNullable<CheckedValue['errors']>[number]>[];

/** `/amount type, /firstName required` */
export function formatValueErrors(errors: ValueErrors = []): string {
  return errors.map(({ propertyPath = '', type = '' }) => `${propertyPath || '(root)'} ${type}`).join(', ');
}

const MISSING = new Set(['required', 'dependentRequired', 'dependencies']);
/** They fail because something in them fails, which is reported too. */
const COMPOSED = new Set(['if', 'anyOf', 'oneOf']);

function problemsOfDraft(errors: ValueErrors): ValueErrors {
  const isIncomplete = errors.some(({ type = '' }) => MISSING.has(type));
  return errors.filter(({ type = '' }) => !MISSING.has(type) && !(isIncomplete && COMPOSED.has(type)));
}

function rejectUnknownProperties(
  data: JsonObject,
  shape: DataShape | undefined,
  where: string,
  canAllowInvalid = true,
) {
  const unknown = shape === undefined ? [] : findUnknownProperties(data, shape.schema);
  if (unknown.length === 0) return;
  const found = unknown.map(({ path, name, declared }) => {
    const match = nearMatch(name, declared);
    const quoted = `"${path.slice(1)}"`;
    return match === undefined ? quoted : `${quoted} (did you mean "${match}"?)`;
  });
  const [first] = unknown;
  const properties = found.length === 1 ? 'property' : 'properties';
  throw usageError(`${capitalize(where)} has no ${properties} ${found.join(', ')}`, [
    `Available: ${first?.declared.join(', ') ?? ''}`,
    ...(canAllowInvalid ? ['To send the data anyway, pass --allow-invalid'] : []),
  ]);
}

function rejectDocuments(data: JsonObject, where: string): void {
  const document = findReferences(data, ['file']).find(isShorthand);
  if (document === undefined) return;
  throw usageError(`${capitalize(where)} can't contain the document ${document}`, [
    'Documents can only be uploaded to a running process. Leave it out, or pass it with the data of a task',
  ]);
}
