import { resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { relativePath } from '../../files/relative-path.ts';
import { didYouMean } from '../../base/near-match.ts';
import { withoutChanges } from '../base-archive.ts';
import type { NextStep } from '../next-steps.ts';
import type { Addition } from './plan-code-edits.ts';
import type { FileEdit, PlannedEdit } from './file-edit.ts';
import type { WorkerProject } from './open-project.ts';
import type { PlacedLines } from './placed-lines.ts';
import { planState, writeEdits } from './write-edits.ts';
import type { WriteOptions } from '../write-files.ts';

export interface EditsRequest extends Pick<WriteOptions, 'signal' | 'onWrite'> {
  readonly project: WorkerProject;
  readonly planned: Addition;
  /** Absolute; paths of `edit` may be relative to it. */
  readonly cwd: string;
  /** Files with local changes that may be changed, relative to the project or to `cwd`. */
  readonly edit: readonly string[];
  readonly dryRun: boolean;
  /** Asks whether to change a file with local changes. Without it, only files named in `edit` are changed. */
  readonly approve?: ((edit: FileEdit) => Promise<boolean>) | undefined;
}

export interface EditedFile {
  readonly path: string;
  /** `state`: the project record or the base archive. */
  readonly how: PlannedEdit['how'] | 'state';
  /** `left`: the file is unchanged, and `diff` remains to be applied by hand or by another run. */
  readonly action: 'written' | 'would-write' | 'left';
  readonly reason?: string;
  /** Unified; empty for `state`. */
  readonly diff: string;
  /** Lines to paste into a file that was left, where `diff` does not apply. */
  readonly paste?: readonly PlacedLines[];
}

export interface MadeEdits {
  readonly files: readonly EditedFile[];
  readonly left: readonly PlannedEdit[];
}

/** Asks about files with local changes, then writes all planned edits, or nothing in a dry run. Rejects with a KnownError. */
export async function makeEdits(request: EditsRequest): Promise<MadeEdits> {
  const { project, planned } = request;
  const { processes, edits, base } = planned;
  const action = request.dryRun ? 'would-write' : 'written';
  const named = resolveEditPaths(request, edits);
  const files: EditedFile[] = [];
  const made: FileEdit[] = [];
  const left: PlannedEdit[] = [];
  for (const edit of edits) {
    const reason = await reasonToLeave(request, edit, named);
    request.signal?.throwIfAborted();
    const paste = edit.how === 'conflict' ? (edit.paste ?? []) : [];
    const about = { path: edit.path, how: edit.how, diff: edit.diff, ...(paste.length > 0 && { paste }) };
    if (edit.how !== 'conflict' && reason === undefined) {
      made.push(edit);
      files.push({ ...about, action });
    } else {
      left.push(edit);
      files.push({ ...about, action: 'left', ...(reason === undefined ? {} : { reason }) });
    }
  }
  const withoutLeft = withoutChanges(
    base,
    project.base,
    left.map(({ path }) => path),
  );
  const state = made.length === 0 ? [] : await planState(project, { processes, base: withoutLeft });
  files.push(...state.map(({ path }) => ({ path, how: 'state', action, diff: '' }) as const));
  if (!request.dryRun && made.length > 0)
    await writeEdits(project, made, state, { signal: request.signal, onWrite: request.onWrite });
  return { files, left };
}

function resolveEditPaths({ edit, project, cwd }: EditsRequest, edits: readonly PlannedEdit[]): ReadonlySet<string> {
  const paths = edits.map(({ path }) => path);
  return new Set(
    edit.map((given) => {
      const plain = given.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
      const fromCwd = relativePath(project.folder, resolve(cwd, given));
      const path = [plain, fromCwd].find((one) => paths.includes(one));
      if (path !== undefined) return path;
      throw usageError(
        `--edit ${given}: this file does not need a change${didYouMean(plain, paths)}`,
        paths.length === 0 ? [] : [`Files that need a change: ${paths.join(', ')}`],
      );
    }),
  );
}

async function reasonToLeave(
  request: EditsRequest,
  edit: PlannedEdit,
  named: ReadonlySet<string>,
): Promise<string | undefined> {
  if (edit.how === 'conflict') return edit.reason;
  if (edit.how !== 'edited-by-hand' || named.has(edit.path)) return undefined;
  if (request.approve !== undefined && !request.dryRun) {
    return (await request.approve(edit)) ? undefined : 'has local changes, and you declined the change';
  }
  return 'has local changes';
}

/** How to make the changes that were left. `command`: the command without `--edit`. */
export function stepsForLeftFiles(command: string, left: readonly PlannedEdit[]): readonly NextStep[] {
  const mergeable = left.filter(({ how }) => how === 'edited-by-hand').map(({ path }) => `--edit ${path}`);
  const conflicts = left.filter((edit) => edit.how === 'conflict');
  const places = conflicts.flatMap(({ path, paste = [] }) => paste.map(({ line }) => `${path}:${line}`));
  const others = conflicts.filter(({ paste = [] }) => paste.length === 0).map(({ path }) => path);
  return [
    ...(mergeable.length === 0
      ? []
      : [
          {
            command: [command, ...mergeable].join(' '),
            text: 'merge the change with yours, or make it by hand',
          },
        ]),
    ...(places.length === 0 ? [] : [{ text: `paste the lines shown above: ${[...new Set(places)].join(', ')}` }]),
    ...(others.length === 0 ? [] : [{ text: `apply the diff by hand in ${others.join(', ')}` }]),
  ];
}
