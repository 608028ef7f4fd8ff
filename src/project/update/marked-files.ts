import { readProjectFile } from '../edit/file-edit.ts';
import type { WorkerProject } from '../edit/open-project.ts';
import { findMarkers } from '../merge/merge-file.ts';
import { UPDATE_LABELS } from './plan-update.ts';

export interface MarkedFile {
  readonly path: string;
  /** Where its conflicts start. */
  readonly lines: readonly number[];
}

/** The generated files that still have conflict markers of an earlier update, sorted by path. */
export async function findMarkedFiles({ folder, base }: WorkerProject): Promise<readonly MarkedFile[]> {
  const paths = [...new Set([...base.generated.keys(), ...base.merged.keys()])].sort();
  const files = await Promise.all(
    paths.map(async (path) => {
      const file = await readProjectFile(folder, path);
      if (file === undefined || file === false) return { path, lines: [] };
      return { path, lines: findMarkers(Buffer.from(file.contents).toString('utf8'), UPDATE_LABELS) };
    }),
  );
  return files.filter(({ lines }) => lines.length > 0);
}
