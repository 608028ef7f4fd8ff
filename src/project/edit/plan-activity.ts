import { KnownError, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { identifier } from '../../text/identifiers.ts';
import { isTsIdentifier } from '../../languages/typescript/literals.ts';
import { processLayout } from '../../languages/typescript/layout.ts';
import { RESERVED } from '../../languages/typescript/process-context.ts';
import { appendActivities } from '../../languages/typescript/activities.ts';
import { readExportedNames, type WorkerProject } from './open-project.ts';
import { textOf, type ProjectBase } from '../base-archive.ts';
import type { Addition } from './addition.ts';
import { editExistingFile, readTextFile, toCrlf, toLf } from './file-edit.ts';

/** Plans a new activity at the end of `src/activities.ts`. */
export async function planActivity(project: WorkerProject, name: string): Promise<Addition> {
  const path = processLayout().activities;
  if (/^kuflow_/i.test(name)) {
    throw usageError(
      `${escapeForTerminal(name, 80)} is reserved for KuFlow's own activities: choose a name that does not start with KuFlow_`,
    );
  }
  if (!isTsIdentifier(name) || RESERVED.has(name)) {
    throw usageError(
      `${escapeForTerminal(name, 80)} cannot be used as a function name: use a-z, A-Z, 0-9 and _, and no reserved word`,
      [`For example: ${identifier(/[a-z0-9]/i.test(name) ? name : 'SEND_MAIL', 'camel', RESERVED, 'activity')}`],
    );
  }
  for (const [file, names] of await readExportedNames(project, 'activities')) {
    if (names.has(name)) throw usageError(`${file} already has the activity ${name}: choose another name`);
  }
  const text = await readTextFile(project.folder, path);
  if (typeof text !== 'string') {
    throw new KnownError({
      message: `Could not add the activity: ${path} ${text === undefined ? 'does not exist' : 'is not a regular text file'}`,
      tried: project.folder,
    });
  }
  const after = appendActivities(toLf(text), [name]);
  if (after === undefined) {
    throw new KnownError({
      message: `Could not add the activity: createActivities in ${path} does not return an object literal as generated`,
      tried: project.folder,
    });
  }
  const { generated, merged } = project.base;
  const base = textOf(merged.get(path)) ?? textOf(generated.get(path));
  const appendTo = (files: ProjectBase['generated']): ProjectBase['generated'] => {
    const file = files.get(path);
    const appended = file === undefined ? undefined : appendActivities(textOf(file) ?? '', [name]);
    return file === undefined || appended === undefined
      ? files
      : new Map(files).set(path, { ...file, contents: Buffer.from(appended) });
  };
  return {
    processes: project.processes,
    edits: [editExistingFile(path, text, text.includes('\r\n') ? toCrlf(after) : after, base)],
    base: { generated: appendTo(generated), merged: appendTo(merged) },
  };
}
