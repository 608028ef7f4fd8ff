import type { LoadedProcess } from '../../discovery/load-process.ts';
import { workerFolderName } from '../../languages/project-name.ts';
import { planOutsideFiles } from '../../project/join/plan-outside.ts';
import type { FetchedTemplate } from '../../project/template/fetch.ts';
import { prepareProject, type PreparedProject } from '../../project/scaffold.ts';
import { listPlaces, occupiedError } from './placement.ts';
import { projectSpec, type CreatePlan } from './plan-create.ts';

export interface PrepareContext {
  readonly version: string;
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The user's own template. */
  readonly template: FetchedTemplate | undefined;
}

/**
 * Plans the files of the project and those that change outside its folder, with conflicts. Writes nothing. Rejects with a usage error if
 * the folder is another project.
 */
export async function prepareCreate(
  plan: CreatePlan,
  process: LoadedProcess,
  { version, cwd, env, template }: PrepareContext,
): Promise<PreparedProject> {
  const { folder, placement, command, overwrite } = plan;
  if (placement.kind === 'occupied') {
    const name = workerFolderName(process.definition.process.code);
    throw occupiedError(
      folder,
      placement,
      listPlaces(placement, { cwd, chosen: plan.chosenFolder, name }),
      plan.commandFor,
    );
  }
  const spec = projectSpec(plan, process, template);
  const outside =
    placement.kind === 'member' ? await planOutsideFiles({ folder, spec, found: placement.found, env }) : undefined;
  return prepareProject({ folder, spec, overwrite, version, command, conflicts: 'keep', outside });
}
