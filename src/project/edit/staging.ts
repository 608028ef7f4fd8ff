import type { FileSystem } from '../../files/file-system.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import type { StagingTarget } from '../../files/staged-write.ts';

/** Changes of a project that are in progress or were interrupted, relative to the project. Ignored by git. */
export const JOURNAL_FOLDER = '.kuflow/journal';

/** The files of the project in `folder` (absolute). Changing them requires the lock of the project. */
export function projectStaging(folder: string, files: FileSystem = nodeFileSystem): StagingTarget {
  return {
    files,
    folder,
    journal: JOURNAL_FOLDER,
    title: 'the project',
    repair: (journal) => `Restore the project from version control, and delete ${journal}`,
  };
}
