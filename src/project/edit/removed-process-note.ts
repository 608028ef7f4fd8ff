import { RECORD_FILE } from '../../process/find-project.ts';
import type { RemovedProcess } from './open-project.ts';

/** What a change of the project means for a process whose definition file no longer exists. */
export function removedProcessNote({ layout: place, remainingFiles: left }: RemovedProcess): string {
  return left.length === 0
    ? `${place.definitionFile} and its code were deleted, so the process is removed from ${RECORD_FILE}`
    : `${place.definitionFile} was deleted: restore it, or delete the other files of the process (${left.join(', ')})`;
}
