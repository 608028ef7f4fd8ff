import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import type { PlannedFile } from './planned-file.ts';
import type { ProjectSpec } from './project-spec.ts';

/** The JSON Schema of definition files, for editors, in projects that do not depend on this package. */
const DEFINITION_SCHEMA = '.kuflow/kuflow.process.schema.json';

/** The same schema in a project that depends on this package. */
const PACKAGED_SCHEMA = 'node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json';

export function definitionSchemaFile(): PlannedFile {
  const contents = readFileSync(join(packageRoot(), 'schemas', 'kuflow.process.schema.json'));
  return { path: DEFINITION_SCHEMA, contents, mode: 0o644 };
}

/** Its path relative to the definition file of the process with this slug, or without a slug, of the first process of a project. */
export function definitionSchemaPath(slug?: string): string {
  return slug === undefined ? `./${DEFINITION_SCHEMA}` : `../${DEFINITION_SCHEMA}`;
}

/** The path of the schema in the installed package, relative to such a definition file. */
export function packagedSchemaPath(
  slug: string | undefined,
  { workspace, packageManager }: Pick<ProjectSpec, 'workspace' | 'packageManager'>,
): string {
  // pnpm and Bun install the dependencies of a member into the member, the others into the root of the workspace.
  const isInMember = packageManager === 'pnpm' || packageManager === 'bun';
  const root = workspace === undefined || isInMember ? '.' : workspace.root;
  return `${slug === undefined ? root : join('..', root).split(sep).join('/')}/${PACKAGED_SCHEMA}`;
}
