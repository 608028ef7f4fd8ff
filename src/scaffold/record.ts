import { createHash } from 'node:crypto';
import type { Answers } from './answers.ts';
import type { PlannedFile } from './plan.ts';

export const RECORD_FILE = '.kuflow/project.json';

/** What a project remembers of how it was made; an update compares with it. Holds no secret and nothing of this machine. */
export interface ProjectRecord {
  /** Of this file's own form. */
  readonly format: 1;
  readonly template: { readonly language: string; readonly version: string };
  /** Repeats the run without questions. */
  readonly command: string;
  readonly answers: {
    readonly name: string;
    readonly definitionSource: string;
    readonly process: string;
    readonly local: boolean;
    readonly packageManager: string;
    readonly cliPackage: string;
  };
  /** SHA-256 of each file as it was generated, by path, hexadecimal. */
  readonly files: Readonly<Record<string, string>>;
}

export function sha256(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

/** The record of the files as they are planned. */
export function recordFile(
  answers: Answers,
  files: readonly PlannedFile[],
  made: { readonly version: string; readonly command: string },
): PlannedFile {
  const record: ProjectRecord = {
    format: 1,
    template: { language: answers.language, version: made.version },
    command: made.command,
    answers: {
      name: answers.name,
      definitionSource: answers.definitionSource,
      process: answers.definition.process.code,
      local: answers.local,
      packageManager: answers.packageManager,
      cliPackage: answers.cliPackage,
    },
    files: Object.fromEntries(files.map(({ path, contents }) => [path, sha256(contents)])),
  };
  return { path: RECORD_FILE, contents: Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`), mode: 0o644 };
}
