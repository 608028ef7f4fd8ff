import { KnownError, usageError } from '../../base/errors.ts';
import { textOf } from '../../languages/planned-file.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { checkActivityName } from './activity-names.ts';
import { readExportedNames, type WorkerProject } from './open-project.ts';
import type { ProjectBase } from '../base-archive.ts';
import { toLf, withLineEndingsOf } from '../merge/line-endings.ts';
import type { Addition } from './plan-code-edits.ts';
import { editExistingFile, readTextFile, type PlannedEdit } from './file-edit.ts';
import { unifiedDiff } from './unified-diff.ts';
import { placeLines } from './placed-lines.ts';

/** Plans a new activity after those of the first process. */
export async function planActivity(project: WorkerProject, name: string): Promise<Addition> {
  const { naming, code, layout } = languageOf(project.record);
  checkActivityName(name, naming);
  for (const [file, names] of await readExportedNames(project, 'activities')) {
    if (names.has(name)) throw usageError(`${file} already has the activity ${name}: choose another name`);
  }
  const edits: PlannedEdit[] = [];
  let { base } = project;
  for (const path of layout(project.record).activities) {
    const append = (text: string): string | undefined => code.appendActivity(path, text, name);
    const text = await readTextFile(project.folder, path);
    if (typeof text !== 'string') {
      throw new KnownError({
        message: `Could not add the activity: ${path} ${text === undefined ? 'does not exist' : 'is not a regular text file'}`,
        tried: project.folder,
      });
    }
    const after = append(toLf(text));
    const { generated, merged } = base;
    const last = textOf(merged.get(path)) ?? textOf(generated.get(path));
    if (after !== undefined) edits.push(editExistingFile(path, text, withLineEndingsOf(text, after), last));
    else {
      const next = append(last ?? '');
      if (last === undefined || next === undefined) {
        throw new KnownError({
          message: `Could not add the activity: ${code.rewrittenActivities(path)}`,
          tried: project.folder,
        });
      }
      edits.push({
        path,
        how: 'conflict',
        reason: 'has local changes, and the place for the change is not certain',
        base: last,
        diff: unifiedDiff(path, last, next),
        paste: placeLines(last, next, toLf(text)),
      });
    }
    base = { ...base, generated: changeFile(generated, path, append), merged: changeFile(merged, path, append) };
  }
  return { processes: project.processes, edits, base };
}

function changeFile(
  files: ProjectBase['generated'],
  path: string,
  change: (text: string) => string | undefined,
): ProjectBase['generated'] {
  const file = files.get(path);
  const changed = change(textOf(file) ?? '');
  return file === undefined || changed === undefined
    ? files
    : new Map(files).set(path, { ...file, contents: Buffer.from(changed) });
}
