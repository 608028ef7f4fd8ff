import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { KnownError, messageOf } from '../base/errors.ts';
import { escapeForTerminal, printableJson } from '../base/escape.ts';
import { isRecord, parseJsonText } from '../base/json.ts';
import { withContext } from '../base/system-error.ts';
import { MIB, readSmallFile } from '../files/read.ts';
import type { PlannedFile } from '../languages/planned-file.ts';
import type {
  DefinitionSource,
  ProcessSpec,
  ProjectSpec,
  TaskChoice,
  TaskChoices,
  TemplateOrigin,
} from '../languages/project-spec.ts';
import type { Language } from '../languages/language.ts';
import { EDITOR_IDS, LANGUAGE_IDS, LIBRARY_SOURCES } from '../languages/language-ids.ts';
import { languageOf } from '../languages/all-languages.ts';
import { nameTasks } from '../languages/task-names.ts';
import { definitionFile } from '../process/definition/file.ts';
import { fileName } from '../base/file-name.ts';
import { RECORD_FILE } from '../process/find-project.ts';
import { movedFilesProblem } from './join/moved-files.ts';

const CREATE_COMMAND = 'npx create-kuflow-worker ';
const MAX_RECORD_MIB = 16;

interface RecordedProcess {
  /** Where the definition came from; absent for the first process. */
  readonly definitionSource?: string;
  readonly tasks?: TaskChoices;
}

/** What the record says about a project, most of it in the same way as its spec. */
export interface ProjectRecord extends Omit<ProjectSpec, 'processes' | 'template' | 'connection'> {
  /** The parsed file, including keys that this version does not know. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly slug: string;
  /** The user's own template; undefined without one. */
  readonly template: TemplateOrigin | undefined;
  /** Version of this tool that generated the project last. */
  readonly version: string;
  readonly processes: readonly [ProcessInRecord, ...ProcessInRecord[]];
}

type ProcessInRecord = Required<Pick<ProcessSpec, 'slug' | 'source'>> & { readonly choices: TaskChoices };

/** How a project was created, as the file `.kuflow/project.json`. Contains no secret and nothing specific to this machine. */
export function renderRecordFile(
  spec: ProjectSpec,
  created: { readonly version: string; readonly command: string },
): PlannedFile {
  const [first] = spec.processes;
  const record = {
    // Version of this file format.
    format: 1,
    template: { language: spec.language, version: created.version },
    // Repeats the run without prompts.
    command: created.command,
    answers: {
      name: spec.name,
      definitionSource: first.source,
      process: first.definition.process.code,
      local: spec.local,
      packageManager: spec.packageManager,
      packageName: spec.packageName,
      cliPackage: spec.cliPackage,
      editors: spec.editors,
      library: spec.library,
      // The files of the user's own template are in the base archive.
      template: spec.template?.origin,
      workspace: spec.workspace,
      movedFiles: Object.keys(spec.movedFiles ?? {}).length === 0 ? undefined : spec.movedFiles,
    },
    processes: recordedProcesses(spec),
  };
  return { path: RECORD_FILE, contents: Buffer.from(`${printableJson(record, true)}\n`), mode: 0o644 };
}

/** By definition file: additional processes, and the names and other choices of tasks. Undefined when there are no tasks. */
export function recordedProcesses(spec: ProjectSpec): Readonly<Record<string, RecordedProcess>> | undefined {
  const { naming } = languageOf(spec);
  const processes = spec.processes.flatMap(({ slug, definition, source, choices = {} }) => {
    const named = Object.entries(nameTasks(definition, choices, naming));
    if (slug === undefined && named.length === 0) return [];
    // In the order of the definition, so that git can merge two branches that add tasks in different places.
    const codes = definition.tasks.map(({ code }) => code);
    const placeOf = (code: string): number => (codes.includes(code) ? codes.indexOf(code) : codes.length);
    const sorted = named.toSorted(([one], [other]) => placeOf(one) - placeOf(other));
    const recorded: RecordedProcess = {
      ...(slug === undefined ? {} : { definitionSource: source }),
      ...(sorted.length === 0 ? {} : { tasks: Object.fromEntries(sorted) }),
    };
    return [[definitionFile(slug), recorded] as const];
  });
  return processes.length === 0 ? undefined : Object.fromEntries(processes);
}

/** Whether `planned` may replace this record: this tool wrote it, and it has no keys, such as processes, that `planned` would lose. */
export function isUneditedRecord(text: string, planned: string): boolean {
  const [current, wanted] = [parseObject(text), parseObject(planned)];
  if (current === undefined || wanted === undefined || text !== `${printableJson(current, true)}\n`) return false;
  const { command } = current;
  return (
    current['format'] === wanted['format'] &&
    [current, current['template'], current['answers']].map(listKeys).join() ===
      [wanted, wanted['template'], wanted['answers']].map(listKeys).join() &&
    isDeepStrictEqual(current['processes'], wanted['processes']) &&
    typeof command === 'string' &&
    command.startsWith(CREATE_COMMAND)
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJsonText(text);
  return isRecord(value) ? value : undefined;
}

function listKeys(value: unknown): string {
  return isRecord(value) ? Object.keys(value).join() : '';
}

/** Reads and validates the record of the project in `folder`. Rejects with a KnownError, or the system error if the file cannot be read. */
export async function readProjectRecord(
  folder: string,
): Promise<{ readonly record: ProjectRecord; readonly recordText: string }> {
  const path = join(folder, RECORD_FILE);
  const { bytes } = await withContext(`Reading ${RECORD_FILE}`, path, () => readSmallFile(path, MAX_RECORD_MIB * MIB));
  if (bytes === undefined) {
    throw new KnownError({
      message: `${RECORD_FILE} is not a regular file or is larger than ${MAX_RECORD_MIB} MiB`,
      tried: path,
      next: [RESTORE_RECORD],
    });
  }
  const recordText = bytes.toString('utf8');
  return { recordText, record: parseProjectRecord(recordText, path) };
}

const RESTORE_RECORD = `Restore it from version control: git checkout ${RECORD_FILE}`;
const WORKSPACE_ROOT = /^\.\.(?:\/\.\.)*$/;
const ADDITIONAL_DEFINITION = /^processes\/([a-z0-9][a-z0-9_-]*)\.process\.yaml$/;
const DEFINITION_SOURCES: readonly DefinitionSource[] = ['sample', 'file', 'flags', 'api', 'worker-sample'];

/** Throws a KnownError when the record is malformed or was written in a newer format. */
function parseProjectRecord(text: string, path: string): ProjectRecord {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    if (/^<{7} /m.test(text))
      throw new KnownError({
        message: `${RECORD_FILE} has conflicts from a git merge`,
        tried: path,
        next: ['Keep the tasks and processes of both branches, then run the command again'],
      });
    throw malformedRecordError(path, escapeForTerminal(messageOf(error), 200), error);
  }
  if (!isRecord(raw)) throw malformedRecordError(path, 'not a JSON object');
  const { format, template, answers } = raw;
  if (typeof format === 'number' && format > 1) {
    throw new KnownError({
      message: 'This project was created by a newer version of this tool',
      tried: path,
      seen: `format ${format}; this version supports format 1`,
      next: ['Use the version of the project: npx kuflow <command>, or ./kuflow <command> if it has that script'],
    });
  }
  if (format !== 1) throw malformedRecordError(path, '"format" is not 1');
  if (!isRecord(template) || !isRecord(answers)) {
    throw malformedRecordError(path, '"template" or "answers" is missing');
  }
  const id = LANGUAGE_IDS.find((one) => one === template['language']);
  if (id === undefined) {
    throw new KnownError({
      message: 'This version of the tool does not support the language of this project',
      tried: path,
      seen: `language ${escapeForTerminal(String(template['language']), 40)}`,
    });
  }
  const language = languageOf({ language: id });
  const { name, local, cliPackage, packageName, process, editors, library, workspace, movedFiles = {} } = answers;
  const packageManager = language.packageManagers.find((manager) => manager === answers['packageManager']);
  if (
    typeof name !== 'string' ||
    typeof cliPackage !== 'string' ||
    typeof process !== 'string' ||
    packageManager === undefined
  ) {
    throw malformedRecordError(path, '"answers" is incomplete');
  }
  // Names are printed into code and paths, and anyone can edit the record.
  const packageProblem =
    language.packageNames === undefined
      ? undefined
      : typeof packageName === 'string'
        ? language.packageNames.problem(packageName)
        : 'is missing';
  if (packageProblem !== undefined) throw malformedRecordError(path, `"packageName" ${packageProblem}`);
  const root = isRecord(workspace) ? workspace['root'] : undefined;
  if (workspace !== undefined && (typeof root !== 'string' || !WORKSPACE_ROOT.test(root)))
    throw malformedRecordError(path, '"workspace" is not valid');
  const movedProblem = isRecord(movedFiles) ? movedFilesProblem(movedFiles) : '"movedFiles" is not an object';
  if (movedProblem !== undefined) throw malformedRecordError(path, escapeForTerminal(movedProblem, 200));
  const processes = Object.entries(isRecord(raw['processes']) ? raw['processes'] : {});
  return {
    raw,
    name,
    language: id,
    local: local === true,
    packageManager,
    packageName: typeof packageName === 'string' && language.packageNames !== undefined ? packageName : undefined,
    slug: fileName(process),
    cliPackage,
    editors: EDITOR_IDS.filter((editor) => Array.isArray(editors) && editors.includes(editor)),
    library: LIBRARY_SOURCES.find((source) => source === library),
    template: parseTemplateOrigin(answers['template'], path),
    workspace: typeof root === 'string' ? { root } : undefined,
    movedFiles: movedFiles as ProjectSpec['movedFiles'],
    version: typeof template['version'] === 'string' ? template['version'] : '',
    processes: [
      {
        slug: undefined,
        source: parseDefinitionSource(answers['definitionSource']),
        choices: parseTaskChoices(processes.find(([file]) => file === definitionFile())?.[1], language),
      },
      ...processes.flatMap(([file, recorded]) => {
        const slug = ADDITIONAL_DEFINITION.exec(file)?.[1];
        if (slug === undefined) return [];
        const source = parseDefinitionSource(isRecord(recorded) ? recorded['definitionSource'] : undefined);
        return [{ slug, source, choices: parseTaskChoices(recorded, language) }];
      }),
    ],
  };
}

function parseTemplateOrigin(value: unknown, path: string): TemplateOrigin | undefined {
  if (value === undefined) return undefined;
  const { source, ref, commit } = isRecord(value) ? value : {};
  if (typeof source !== 'string' || source === '') throw malformedRecordError(path, '"template" has no source');
  return {
    source,
    ...(typeof ref === 'string' ? { ref } : {}),
    ...(typeof commit === 'string' ? { commit } : {}),
  };
}

function parseDefinitionSource(value: unknown): DefinitionSource {
  return DEFINITION_SOURCES.find((source) => source === value) ?? 'file';
}

function parseTaskChoices(recorded: unknown, { naming }: Language): TaskChoices {
  const isName = (value: unknown): value is string => typeof value === 'string' && naming.isIdentifier(value);
  const tasks = isRecord(recorded) && isRecord(recorded['tasks']) ? recorded['tasks'] : {};
  return Object.fromEntries(
    Object.entries(tasks).map(([code, choice]): [string, TaskChoice] => {
      const { name, activity, inputs } = isRecord(choice) ? choice : {};
      return [
        code,
        {
          ...(isName(name) ? { name } : {}),
          ...(isName(activity) ? { activity } : {}),
          ...(Array.isArray(inputs) ? { inputs: inputs.filter((input) => typeof input === 'string') } : {}),
        },
      ];
    }),
  );
}

/** The error for a record with a value that cannot be used: `seen`. */
export function malformedRecordError(path: string, seen: string, cause?: unknown): KnownError {
  return new KnownError({
    message: `The project record ${RECORD_FILE} is not valid`,
    tried: path,
    seen,
    next: [RESTORE_RECORD],
    cause,
  });
}
