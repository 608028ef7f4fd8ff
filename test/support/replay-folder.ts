import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

const DEFINITION = 'kuflow.process.yaml';
const RECORD = '.kuflow/project.json';

/** A folder with the worker of a project, whose definition has another code, so that `kuflow replay` reads the processes of that definition. */
export function replayFolder(project: string, code: string): string {
  const folder = mkdtempSync(join(inject('runFolder'), 'replay-'));
  for (const name of readdirSync(project))
    if (name !== DEFINITION && name !== '.kuflow') symlinkSync(join(project, name), join(folder, name));
  mkdirSync(join(folder, '.kuflow'));
  copyFileSync(join(project, RECORD), join(folder, RECORD));
  const definition = readFileSync(join(project, DEFINITION), 'utf8');
  writeFileSync(join(folder, DEFINITION), definition.replace(/^( +code:) LOAN$/m, `$1 ${code}`));
  return folder;
}

/** The files in a folder and below that contain a text. Links are not followed. */
export function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
