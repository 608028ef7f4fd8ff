import { KnownError, usageError } from '../../base/errors.ts';
import { forTerminal } from '../../base/escape.ts';
import { identifier } from '../../names/identifiers.ts';
import { isTsIdentifier } from '../../names/typescript.ts';
import { FIRST_PLACE } from '../render/process-place.ts';
import { RESERVED } from '../render/process-context.ts';
import { exportsOf, type WorkerProject } from './open-project.ts';
import type { Addition } from './plan-addition.ts';
import { editOf, readText } from './plan-edits.ts';

/** An activity of one's own at the end of `src/activities.ts`. */
export async function planActivity(project: WorkerProject, name: string): Promise<Addition> {
  const path = FIRST_PLACE.activities;
  if (/^kuflow_/i.test(name)) {
    throw usageError(
      `${forTerminal(name, 80)} is a name of KuFlow's own activities: choose one that does not start with KuFlow_`,
    );
  }
  if (!isTsIdentifier(name) || RESERVED.has(name)) {
    throw usageError(
      `${forTerminal(name, 80)} can't be the name of a function: a to z, A to Z, 0 to 9 and _ are, and no word of the language or of the template`,
      [`For example: ${identifier(name, 'camel', RESERVED)}`],
    );
  }
  const base = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const [input, result] = [`${base}Input`, `${base}Result`];
  for (const [file, names] of await exportsOf(project, 'activities')) {
    const there = [name, input, result].find((one) => names.has(one));
    if (there !== undefined) throw usageError(`${file} exports ${there} already: choose another name`);
  }
  const text = await readText(project.folder, path);
  if (typeof text !== 'string') {
    throw new KnownError({
      message: `${path} is ${text === undefined ? 'not there' : 'no regular text file'}: the activity has no place`,
      tried: project.folder,
    });
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const end = text === '' || text.endsWith('\n') ? '' : eol;
  const lines = [
    '',
    `export interface ${input} {`,
    '  readonly processId: string;',
    '}',
    '',
    `export interface ${result} {`,
    '  readonly done: boolean;',
    '}',
    '',
    '/** TODO: what it does. It may be tried several times, so let it bear repetition. */',
    `export async function ${name}(input: ${input}): Promise<${result}> {`,
    '  void input; // TODO: use it',
    '  return { done: true };',
    '}',
    '',
  ];
  const edit = editOf(path, text, text + end + lines.join(eol), project.record.hashes);
  return { processes: project.processes, edits: [edit] };
}
