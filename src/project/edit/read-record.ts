import { KnownError, messageOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord } from '../../base/json.ts';
import { isTsIdentifier } from '../../languages/typescript/literals.ts';
import type { DefinitionSource, PackageManager, TaskChoice, TaskChoices } from '../../languages/project-spec.ts';
import { PACKAGE_MANAGERS } from '../../languages/typescript/package-manager.ts';
import { RECORD_FILE } from '../record.ts';
import { FIRST_LAYOUT } from '../../languages/typescript/layout.ts';

/** What a project's record says, checked. */
export interface ReadRecord {
  /** As it stands in the file, for what this version does not know. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly local: boolean;
  readonly packageManager: PackageManager;
  readonly cliPackage: string;
  readonly definitionSource: DefinitionSource;
  /** Version of this tool that made the project. */
  readonly version: string;
  /** Choices for the tasks of the first process. */
  readonly choices: TaskChoices;
  readonly further: readonly {
    readonly slug: string;
    readonly source: DefinitionSource;
    readonly choices: TaskChoices;
  }[];
  readonly hashes: Readonly<Record<string, string>>;
}

const FURTHER = /^processes\/([a-z0-9][a-z0-9_-]*)\.process\.yaml$/;
const SOURCES: readonly DefinitionSource[] = ['sample', 'file', 'flags', 'api'];

/** Reads the text of `.kuflow/project.json`. Throws a KnownError when it is broken, or of a newer form than this version knows. */
export function parseProjectRecord(text: string, path: string): ReadRecord {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw broken(path, escapeForTerminal(messageOf(error), 200), error);
  }
  if (!isRecord(raw)) throw broken(path, 'no object');
  const { format, template, answers, files } = raw;
  if (typeof format === 'number' && format > 1) {
    throw new KnownError({
      message: 'This project was made by a newer version of this tool',
      tried: path,
      seen: `format ${format}; this version knows format 1`,
      next: ["Use the version that the project's package.json names: npx kuflow …"],
    });
  }
  if (format !== 1) throw broken(path, 'format is not 1');
  if (!isRecord(template) || !isRecord(answers) || !isRecord(files)) {
    throw broken(path, 'template, answers or files is missing');
  }
  if (template['language'] !== 'typescript') {
    throw new KnownError({
      message: 'Processes, tasks and activities can be added to projects in TypeScript only',
      tried: path,
      seen: `language ${escapeForTerminal(String(template['language']), 40)}`,
    });
  }
  const { name, local, cliPackage } = answers;
  const packageManager = PACKAGE_MANAGERS.find((manager) => manager === answers['packageManager']);
  if (typeof name !== 'string' || typeof cliPackage !== 'string' || packageManager === undefined) {
    throw broken(path, 'answers are incomplete');
  }
  const processes = Object.entries(isRecord(raw['processes']) ? raw['processes'] : {});
  return {
    raw,
    name,
    local: local === true,
    packageManager,
    cliPackage,
    definitionSource: sourceOf(answers['definitionSource']),
    version: typeof template['version'] === 'string' ? template['version'] : '',
    choices: choicesOf(processes.find(([file]) => file === FIRST_LAYOUT.definitionFile)?.[1]),
    further: processes.flatMap(([file, about]) => {
      const slug = FURTHER.exec(file)?.[1];
      if (slug === undefined) return [];
      const source = sourceOf(isRecord(about) ? about['definitionSource'] : undefined);
      return [{ slug, source, choices: choicesOf(about) }];
    }),
    hashes: Object.fromEntries(
      Object.entries(files).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}

function sourceOf(value: unknown): DefinitionSource {
  return SOURCES.find((source) => source === value) ?? 'file';
}

function choicesOf(about: unknown): TaskChoices {
  const tasks = isRecord(about) && isRecord(about['tasks']) ? about['tasks'] : {};
  return Object.fromEntries(
    Object.entries(tasks).map(([code, choice]): [string, TaskChoice] => {
      const { activity, inputs } = isRecord(choice) ? choice : {};
      return [
        code,
        {
          // It becomes code, and anybody can write into the file.
          ...(typeof activity === 'string' && isTsIdentifier(activity) ? { activity } : {}),
          ...(Array.isArray(inputs) ? { inputs: inputs.filter((input) => typeof input === 'string') } : {}),
        },
      ];
    }),
  );
}

function broken(path: string, seen: string, cause?: unknown): KnownError {
  return new KnownError({
    message: `The project's record ${RECORD_FILE} can't be read`,
    tried: path,
    seen,
    next: ['Take it back from version control: git checkout .kuflow/project.json'],
    ...(cause === undefined ? {} : { cause }),
  });
}
