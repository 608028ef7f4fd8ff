import { KnownError } from '../../base/errors.ts';
import { restoreStep } from '../../files/git-state.ts';
import { RECORD_FILE } from '../find-project.ts';
import { DEFINITION_FILE } from './file.ts';
import type { Environment } from '../../settings/environment.ts';

/** The definition file of the first process does not exist in the project `folder`: how to get it back. `more` are further next steps. */
export async function missingDefinitionError(
  folder: string,
  env: Environment,
  more: readonly string[] = [],
): Promise<KnownError> {
  const restore =
    (await restoreStep(folder, DEFINITION_FILE, env)) ??
    `Restore it from a backup, or repeat the command in ${RECORD_FILE} in another folder and copy ${DEFINITION_FILE} from there`;
  return new KnownError({
    message: `${DEFINITION_FILE} is missing in this project`,
    tried: folder,
    next: [restore, ...more],
    status: 2,
  });
}

/** A folder with a definition file but without a project record: how to get it back, or to create a project. */
export async function missingRecordError(folder: string, env: Environment): Promise<KnownError> {
  const restore = await restoreStep(folder, RECORD_FILE, env);
  return new KnownError({
    message: `${folder} is not in a worker project: there is no ${RECORD_FILE}`,
    next:
      restore === undefined
        ? [
            'If this was a project, restore the file from a backup',
            `Or create a project from the definition: npx create-kuflow-worker <folder> --definition ${DEFINITION_FILE}`,
          ]
        : [restore],
    status: 2,
  });
}
