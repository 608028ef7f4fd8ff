import { PROJECT_RECORD } from './find.ts';
import { isRecord } from '../base/json.ts';
import { jsonText } from '../text/json.ts';
import { createHash } from 'node:crypto';
import { FIRST_LAYOUT, furtherLayout } from '../languages/typescript/layout.ts';
import type { ProjectSpec, TaskChoices } from '../languages/project-spec.ts';
import type { PlannedFile } from '../languages/planned-file.ts';

export const RECORD_FILE = PROJECT_RECORD;

const CREATE_COMMAND = 'npx create-kuflow-worker ';

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
  /** By definition file: further processes, and what was decided once about tasks. Absent when there is neither. */
  readonly processes?: Readonly<Record<string, RecordedProcess>>;
  /**
   * SHA-256 of each file as this tool last wrote it, by path, hexadecimal: a file that differs was edited by hand. Not the hash of what the generator
   * writes by itself: an untouched file may hold an activity that was added.
   */
  readonly files: Readonly<Record<string, string>>;
}

export interface RecordedProcess {
  /** Where the definition came from; absent for the first process. */
  readonly definitionSource?: string;
  readonly tasks?: TaskChoices;
}

export function sha256(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

/** The record of the files as they are planned. */
export function recordFile(
  answers: ProjectSpec,
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
    ...recordedProcesses(answers),
    files: Object.fromEntries(files.map(({ path, contents }) => [path, sha256(contents)])),
  };
  return { path: RECORD_FILE, contents: Buffer.from(`${jsonText(record, true)}\n`), mode: 0o644 };
}

/**
 * Whether `text` is a record in the very form that this tool writes, and with the keys of `planned`, which then may replace it: a record that tells of
 * more, such as further processes, would lose that.
 */
export function isUneditedRecord(text: string, planned: string): boolean {
  const [found, wanted] = [parsed(text), parsed(planned)];
  if (found === undefined || wanted === undefined || text !== `${jsonText(found, true)}\n`) return false;
  const { command, files } = found;
  return (
    found['format'] === wanted['format'] &&
    [found, found['template'], found['answers']].map(keysOf).join() ===
      [wanted, wanted['template'], wanted['answers']].map(keysOf).join() &&
    typeof command === 'string' &&
    command.startsWith(CREATE_COMMAND) &&
    isRecord(files) &&
    Object.values(files).every((hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash))
  );
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function keysOf(value: unknown): string {
  return isRecord(value) ? Object.keys(value).join() : '';
}

/** The part of a record that tells of processes. */
export function recordedProcesses(answers: ProjectSpec): Pick<ProjectRecord, 'processes'> {
  const { choices = {}, further = [] } = answers;
  const tasks = (made: TaskChoices): RecordedProcess => (Object.keys(made).length === 0 ? {} : { tasks: made });
  const processes = [
    ...(Object.keys(choices).length === 0 ? [] : [[FIRST_LAYOUT.definitionFile, tasks(choices)] as const]),
    ...further.map(
      (process) =>
        [
          furtherLayout(process.slug).definitionFile,
          { definitionSource: process.source, ...tasks(process.choices ?? {}) },
        ] as const,
    ),
  ];
  return processes.length === 0 ? {} : { processes: Object.fromEntries(processes) };
}
