import { KnownError, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { identifier } from '../../text/identifiers.ts';
import { isTsIdentifier } from '../../languages/typescript/literals.ts';
import { processLayout } from '../../languages/typescript/layout.ts';
import { RESERVED } from '../../languages/typescript/process-context.ts';
import { activityExportNames, appendActivities } from '../../languages/typescript/activities.ts';
import { readExportedNames, type WorkerProject } from './open-project.ts';
import type { Addition } from './addition.ts';
import { editExistingFile, readTextFile } from './file-edit.ts';

/** An activity of one's own at the end of `src/activities.ts`. */
export async function planActivity(project: WorkerProject, name: string): Promise<Addition> {
  const path = processLayout().activities;
  if (/^kuflow_/i.test(name)) {
    throw usageError(
      `${escapeForTerminal(name, 80)} is a name of KuFlow's own activities: choose one that does not start with KuFlow_`,
    );
  }
  if (!isTsIdentifier(name) || RESERVED.has(name)) {
    throw usageError(
      `${escapeForTerminal(name, 80)} can't be the name of a function: a to z, A to Z, 0 to 9 and _ are, and no word of the language or of the template`,
      [`For example: ${identifier(suggestName(name), 'camel', RESERVED)}`],
    );
  }
  for (const [file, names] of await readExportedNames(project, 'activities')) {
    const there = activityExportNames(name).find((one) => names.has(one));
    if (there !== undefined) throw usageError(`${file} exports ${there} already: choose another name`);
  }
  const text = await readTextFile(project.folder, path);
  if (typeof text !== 'string') {
    throw new KnownError({
      message: `${path} is ${text === undefined ? 'not there' : 'no regular text file'}: the activity has no place`,
      tried: project.folder,
    });
  }
  // Whatever line ends the rest has, it keeps.
  const added = appendActivities(text, [name]).slice(text.length);
  const after = text + (text.includes('\r\n') ? added.replaceAll('\n', '\r\n') : added);
  const edit = editExistingFile(path, text, after, project.record.hashes);
  return { processes: project.processes, edits: [edit] };
}

/** The words of a text as a code has them, so that their identifier carries no hash; an example where there are none. */
function suggestName(text: string): string {
  const words = text.slice(0, 40).match(/[A-Z]*[a-z0-9]+|[A-Z]+/g) ?? ['SEND', 'MAIL'];
  return words.join('_').toUpperCase();
}
