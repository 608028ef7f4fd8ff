import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { isCommitted } from '../../files/git.ts';
import { RECORD_FILE } from '../find-project.ts';
import { DEFINITION_FILE } from './file.ts';

/** The definition file of the first process does not exist in the project `folder`: how to get it back. `more` are further next steps. */
export async function missingDefinitionError(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): Promise<KnownError> {
  const isInHead = await isCommitted(join(folder, DEFINITION_FILE), env);
  const restore = isInHead
    ? `Restore it from the last commit: git checkout HEAD -- ${DEFINITION_FILE}`
    : `Restore it from a backup, or repeat the command in ${RECORD_FILE} in another folder and copy ${DEFINITION_FILE} from there`;
  return new KnownError({
    message: `${DEFINITION_FILE} is missing in this project`,
    tried: folder,
    next: [restore, ...more],
    status: 2,
  });
}
