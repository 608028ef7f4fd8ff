import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import type { PlannedFile } from './planned-file.ts';

/** The JSON Schema of definition files in a project, for editors: it does not have this package among its dependencies. */
export const DEFINITION_SCHEMA = '.kuflow/kuflow.process.schema.json';

export function definitionSchemaFile(): PlannedFile {
  const contents = readFileSync(join(packageRoot(), 'schemas', 'kuflow.process.schema.json'));
  return { path: DEFINITION_SCHEMA, contents, mode: 0o644 };
}
