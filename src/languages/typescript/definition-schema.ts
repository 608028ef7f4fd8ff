import { join, sep } from 'node:path';
import type { ProjectSpec } from '../project-spec.ts';

/** The JSON Schema of definition files, for editors, in projects that depend on this package. */
const PACKAGED_SCHEMA = 'node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json';

/** The path of the schema in the installed package, relative to the definition file of the process with this slug. */
export function packagedSchemaPath(
  slug: string | undefined,
  { workspace, packageManager }: Pick<ProjectSpec, 'workspace' | 'packageManager'>,
): string {
  // pnpm and Bun install the dependencies of a member into the member, the others into the root of the workspace.
  const isInMember = packageManager === 'pnpm' || packageManager === 'bun';
  const root = workspace === undefined || isInMember ? '.' : workspace.root;
  return `${slug === undefined ? root : join('..', root).split(sep).join('/')}/${PACKAGED_SCHEMA}`;
}
