import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import type { PlannedFile } from './planned-file.ts';

/** The JSON Schema of definition files, for editors, in projects that do not depend on this package. */
const DEFINITION_SCHEMA = '.kuflow/kuflow.process.schema.json';

export function definitionSchemaFile(): PlannedFile {
  const contents = readFileSync(join(packageRoot(), 'schemas', 'kuflow.process.schema.json'));
  return { path: DEFINITION_SCHEMA, contents, mode: 0o644 };
}

/** Its path relative to the definition file of the process with this slug, or without a slug, of the first process of a project. */
export function definitionSchemaPath(slug?: string): string {
  return slug === undefined ? `./${DEFINITION_SCHEMA}` : `../${DEFINITION_SCHEMA}`;
}
