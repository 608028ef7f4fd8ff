import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { codeOf, messageOf, usageError } from '../../base/errors.ts';
import { isRecord, type Json, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { createValueCheck } from '../domain/json-values.ts';

/** Where the data of a process or task comes from: a file, or single values that change the existing data. */
export interface DataSource {
  /** YAML or JSON, relative to `cwd`; `-` is standard input. */
  readonly file?: string | undefined;
  /** `<property>=<value>`, in order. */
  readonly assignments?: readonly string[] | undefined;
}

/** Reads the file, then applies the assignments to it, or to `existing` without a file. Undefined if the source names nothing. */
export async function readGivenData(
  source: DataSource,
  context: {
    readonly cwd: string;
    readonly stdin: NodeJS.ReadableStream;
    readonly existing: JsonObject;
    readonly shape: DataShape | undefined;
  },
): Promise<JsonObject | undefined> {
  const { file, assignments = [] } = source;
  if (file === undefined && assignments.length === 0) return undefined;
  const data = file === undefined ? context.existing : await readObject(file, context);
  return {
    ...data,
    ...Object.fromEntries(assignments.map((assignment) => parseAssignment(assignment, context.shape))),
  };
}

async function readObject(
  file: string,
  { cwd, stdin }: { readonly cwd: string; readonly stdin: NodeJS.ReadableStream },
): Promise<JsonObject> {
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
  return value as JsonObject;
}

/**
 * `amount=5` as `['amount', 5]`. The value is JSON if it can be read as JSON, otherwise text. A property that the schema declares as a string
 * is always text.
 */
export function parseAssignment(assignment: string, shape: DataShape | undefined): readonly [string, Json] {
  const at = assignment.indexOf('=');
  if (at < 1)
    throw usageError(`${assignment} is not <name>=<value>`, ['Example: --set firstName=Jane --set amount=5000']);
  const [name, value] = [assignment.slice(0, at), assignment.slice(at + 1)];
  const properties = shape?.schema['properties'];
  const property = isRecord(properties) ? properties[name] : undefined;
  if (isRecord(property) && property['type'] === 'string') return [name, value];
  try {
    return [name, JSON.parse(value) as Json];
  } catch {
    return [name, value];
  }
}

/** Throws a usage error that names the path of each problem if the data does not match its schema. */
export function requireValidData(data: JsonObject, shape: DataShape | undefined, where: string): void {
  const { valid, errors = [] } = createValueCheck(shape, where)(data);
  if (valid) return;
  const problems = errors.map(({ propertyPath, type }) => `${propertyPath === '' ? '(root)' : propertyPath} ${type}`);
  throw usageError(`Data does not match the schema of ${where}: ${problems.join(', ')}`, [
    'Correct the data',
    'To send it anyway, pass --allow-invalid',
  ]);
}
