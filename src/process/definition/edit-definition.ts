import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, parseDocument } from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { splitTextFile } from '../../files/text-file.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';
import { insertTask } from './add-task.ts';
import { editValue, type ValueEdit, type ValuePath } from './edit-values.ts';
import { parseDefinition } from './file.ts';
import { toFile } from './render.ts';
import { rewriteDocument } from './rewrite-document.ts';

/**
 * Changes the text of a definition file so that it describes `next`. Tasks that both have must be in the same order. Comments, formatting and
 * everything that does not change stay. Where the syntax does not allow that, the file is rewritten from the parsed document, which keeps
 * comments, order and quoting. Rejects with a KnownError if the text is not a valid definition, or cannot be changed that way.
 */
export async function editDefinition(text: string, fileName: string, next: ProcessDefinition): Promise<string> {
  const before = await parseDefinition(text, fileName);
  if (isDeepStrictEqual(before, next)) return text;
  let cause: unknown;
  try {
    const edited = await applyChanges(text, fileName, before, next);
    if (isDeepStrictEqual(await parseDefinition(edited, fileName), next)) return edited;
  } catch (error) {
    // The place is behind an alias, or an alias refers to the anchor that would be removed.
    cause = error;
  }
  throw new KnownError({
    message: `${fileName} can't be changed automatically: it uses YAML syntax that can't be edited, such as an anchor`,
    seen: 'nothing was written',
    next: ['Make the changes in the file by hand'],
    cause,
  });
}

async function applyChanges(
  text: string,
  fileName: string,
  before: ProcessDefinition,
  next: ProcessDefinition,
): Promise<string> {
  const { mark, text: content } = splitTextFile(text);
  const removed = removeTasks(content, before, next);
  const kept = next.tasks.filter(({ code }) => hasTask(before, code));
  let edited = editValues(removed, changesOf(before, { ...next, tasks: kept }));
  for (const [at, task] of next.tasks.entries())
    if (!hasTask(before, task.code)) ({ text: edited } = await insertTask(edited, fileName, task, at));
  return mark + edited;
}

function hasTask({ tasks }: ProcessDefinition, code: string): boolean {
  return tasks.some((task) => task.code === code);
}

function removeTasks(text: string, before: ProcessDefinition, next: ProcessDefinition): string {
  const gone = before.tasks.flatMap(({ code }, at) => (hasTask(next, code) ? [] : [at])).toReversed();
  if (gone.length === 0) return text;
  // A list without items is not a list in block style.
  if (gone.length === before.tasks.length) return editValues(text, [{ path: ['tasks'], action: 'set', value: [] }]);
  return editValues(
    text,
    gone.map((at) => ({ path: ['tasks', at], action: 'remove' })),
  );
}

/** The edits of the tasks that both definitions have, and of everything else. */
function changesOf(before: ProcessDefinition, next: ProcessDefinition): readonly ValueEdit[] {
  const remaining = before.tasks.filter(({ code }) => hasTask(next, code));
  const byCode = new Map<string, TaskDefinition>(next.tasks.map((task) => [task.code, task]));
  const inOrder = { ...next, tasks: remaining.map((task) => byCode.get(task.code) ?? task) };
  const [one, other] = [toFile({ ...before, tasks: remaining }), toFile(inOrder)];
  return diffValues([], one, other);
}

/** The edits that turn one JSON value into another. */
function diffValues(path: ValuePath, before: unknown, next: unknown): readonly ValueEdit[] {
  if (isDeepStrictEqual(before, next)) return [];
  if (isRecord(before) && isRecord(next) && Object.keys(next).length > 0) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(next)])];
    return keys.flatMap((key): readonly ValueEdit[] => {
      if (!Object.hasOwn(next, key)) return [{ path: [...path, key], action: 'remove' }];
      if (!Object.hasOwn(before, key)) return [{ path: [...path, key], action: 'set', value: next[key] }];
      return diffValues([...path, key], before[key], next[key]);
    });
  }
  if (Array.isArray(before) && Array.isArray(next) && next.length > 0) {
    const [old, now] = [before as readonly unknown[], next as readonly unknown[]];
    if (path.length === 1 || old.length === now.length)
      return old.flatMap((item, at) => diffValues([...path, at], item, now[at]));
    const kept = old.filter((item) => now.includes(item));
    if (isDeepStrictEqual(kept, now.slice(0, kept.length)) && kept.length > 0)
      return [
        ...old
          .flatMap((item, at): readonly ValueEdit[] =>
            now.includes(item) ? [] : [{ path: [...path, at], action: 'remove' }],
          )
          .toReversed(),
        ...now.slice(kept.length).map((value) => ({ path, action: 'append', value }) as const),
      ];
  }
  return [{ path, action: 'set', value: next }];
}

function editValues(text: string, edits: readonly ValueEdit[]): string {
  return edits.reduce((before, edit) => {
    const edited = editValue(before, edit);
    return edited !== undefined && isEdited(before, edited, edit) ? edited : rewrite(before, edit);
  }, text);
}

/** Whether the edit did what the parsed document does. */
function isEdited(before: string, edited: string, edit: ValueEdit): boolean {
  const parsed = parseDocument(edited, { logLevel: 'silent' });
  return parsed.errors.length === 0 && isDeepStrictEqual(parsed.toJS(), parseDocument(rewrite(before, edit)).toJS());
}

/** Makes the edit in the parsed document. */
function rewrite(text: string, { path, action, value }: ValueEdit): string {
  return rewriteDocument(text, (document) => {
    if (action === 'remove') document.deleteIn(path);
    else if (action === 'append') document.addIn(path, value);
    else document.setIn(path, document.createNode(value));
    const parent: unknown = document.getIn(path.slice(0, -1), true);
    if ((isMap(parent) || isSeq(parent)) && parent.items.length === 0) parent.flow = true;
  });
}
