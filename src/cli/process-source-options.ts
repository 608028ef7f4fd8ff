import { Option, type Command } from 'commander';
import { usageError } from '../base/errors.ts';
import { isUuid } from '../base/is-uuid.ts';
import { CONNECTION_KEYS, type ConnectionFlags } from '../connection/flags.ts';
import type { ProcessSource } from '../discovery/load-process.ts';
import { LARGEST_SAMPLE } from '../discovery/sampling.ts';
import type { DefinitionFlags } from '../process/definition/from-flags.ts';
import type { WorkerSample } from '../process/worker-sample/read.ts';
import { optionName, shellWord } from '../base/shell.ts';
import { collectValues, wholeNumber } from './declarations.ts';

export function sampleOption(least = 1): Option {
  return new Option(
    '--sample <count>',
    'Read up to <count> processes or process items to infer the shape of their data; only keys and types are kept',
  ).argParser(wholeNumber(least, LARGEST_SAMPLE));
}

export function processOptions(command: Command): Command {
  return command
    .addOption(
      collectValues(
        '--task <code[:kind]>',
        'Add a task (repeatable). Kind: human, system, message or thread (default: human)',
      ),
    )
    .addOption(collectValues('--task-schema <code=file>', "JSON Schema for a task's data (repeatable)"))
    .option('--metadata-schema <file>', 'JSON Schema for the process metadata');
}

/** The options that say which process a worker is for, as parsed by commander. */
export interface ProcessFlags {
  readonly definition?: string | undefined;
  readonly from?: string | undefined;
  readonly process?: string | undefined;
  /** `<code>` or `<code>:<kind>`, in order. */
  readonly task?: readonly string[] | undefined;
  /** `<code>=<file>` */
  readonly taskSchema?: readonly string[] | undefined;
  readonly metadataSchema?: string | undefined;
  /** `<code>=<kind>`: overrides the kind of a task that was read. */
  readonly taskKind?: readonly string[] | undefined;
  /** Codes of all tasks that were read, in order. */
  readonly taskOrder?: readonly string[] | undefined;
  /** Number of instances to read for the shapes of their data. */
  readonly sample?: number | undefined;
  readonly taskQueue?: string | undefined;
  readonly workflowType?: string | undefined;
  readonly processId?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Without another source, a local project gets the sample process. */
  readonly local?: boolean | undefined;
}

export type SourceKind = ProcessSource['kind'];

/** Where the options say the process definition comes from; undefined if they do not say. Throws a usage error if they name two sources. */
export function parseProcessSource(flags: ProcessFlags): SourceKind | undefined {
  const described = flags.task !== undefined || flags.taskSchema !== undefined || flags.metadataSchema !== undefined;
  if (flags.from !== undefined) {
    const other = flags.definition !== undefined ? '--definition' : flags.task !== undefined ? '--task' : undefined;
    if (other !== undefined)
      throw usageError(`${other} cannot be combined with --from, which reads the tasks from a worker sample`);
    return 'worker-sample';
  }
  if (flags.definition !== undefined) {
    const other = flags.process !== undefined ? '--process' : flags.task !== undefined ? '--task' : undefined;
    if (other !== undefined || described) {
      throw usageError(
        `${other ?? '--task-schema and --metadata-schema'} cannot be combined with --definition, which describes the whole process`,
      );
    }
    return 'file';
  }
  if (described && (flags.taskKind !== undefined || flags.taskOrder !== undefined)) {
    throw usageError(
      '--task-kind and --task-order change tasks that are read. Use --task <code:kind> in the order you want',
    );
  }
  if (described) return 'flags';
  if (flags.process !== undefined) return 'api';
  return flags.local === true ? 'sample' : undefined;
}

/** The source that the options describe, once none of its answers is missing. */
export function processSource(
  kind: SourceKind,
  flags: ProcessFlags & { readonly workerSample?: WorkerSample | undefined },
): ProcessSource {
  const { taskQueue, workflowType, processId, tenantId, taskKind, taskOrder } = flags;
  const tasks =
    taskKind === undefined && taskOrder === undefined ? undefined : { kinds: taskKind ?? [], order: taskOrder };
  const overrides = { taskQueue, workflowType, processId, tenantId, tasks };
  switch (kind) {
    case 'sample':
      return { kind, overrides };
    case 'file':
      return { kind, path: flags.definition ?? '', overrides };
    case 'api':
      return { kind, code: flags.process ?? '', sample: flags.sample, overrides };
    case 'worker-sample':
      return {
        kind,
        path: flags.from ?? '',
        sample: flags.workerSample,
        flags: definitionFlags(flags),
        overrides: { tasks },
      };
    case 'flags':
      return { kind, flags: { ...definitionFlags(flags), tasks: flags.task ?? [] } };
  }
}

function definitionFlags(flags: ProcessFlags): Omit<DefinitionFlags, 'tasks'> {
  const { process: code = '', taskSchema: taskSchemas = [], metadataSchema, taskQueue, workflowType } = flags;
  return { code, taskSchemas, metadataSchema, taskQueue, workflowType, id: flags.processId, tenant: flags.tenantId };
}

/** Throws a usage error for an id that is not a UUID, and for a task queue that a worker would poll by another name. */
export function validateProcessFlags(flags: ProcessFlags & Pick<ConnectionFlags, 'clientId'>): void {
  const { taskQueue } = flags;
  if (taskQueue !== undefined && taskQueue !== taskQueue.trim()) {
    throw usageError(
      `--task-queue ${shellWord(taskQueue)} starts or ends with whitespace, which settings files do not keep`,
    );
  }
  // Never echoes the value: someone who mixes up the two options passes the secret here.
  if (flags.clientId !== undefined && !isUuid(flags.clientId.trim())) {
    throw usageError(
      '--client-id must be a UUID, the ID of the application. Pass the secret with --client-secret-file or --client-secret-stdin',
    );
  }
  for (const [option, value] of [
    ['--process-id', flags.processId],
    ['--tenant-id', flags.tenantId],
  ] as const) {
    if (value !== undefined && !isUuid(value)) throw usageError(`${option} must be a UUID, not ${shellWord(value)}`);
  }
}

/** Every option with a value that a command repeats, in the order in which it repeats them. */
const REPEATED_KEYS = [
  'definition',
  'from',
  'process',
  'task',
  'taskSchema',
  'taskKind',
  'taskOrder',
  'metadataSchema',
  'sample',
  'taskQueue',
  'workflowType',
  'processId',
  'tenantId',
  ...CONNECTION_KEYS,
  'local',
  'language',
  'package',
  'packageManager',
  'editor',
  'library',
  'template',
  'cliPackage',
  'workspace',
  'overwrite',
] as const;

/** What an option turns off: steps that are on otherwise, and the workspace. */
const NEGATED_KEYS = ['workspace', 'install', 'git', 'check'] as const;

type RepeatedKey = (typeof REPEATED_KEYS)[number];
type RepeatedFlags = Readonly<
  Partial<
    Record<RepeatedKey, string | number | boolean | readonly string[] | undefined> &
      Record<Exclude<(typeof NEGATED_KEYS)[number], RepeatedKey>, boolean>
  >
>;

/** Options as words of a command, without `--yes`, `--json` and `--dry-run`. Never contains a secret, only how it was given. */
export function optionWords(flags: RepeatedFlags): readonly string[] {
  const words = REPEATED_KEYS.flatMap((key): string[] => {
    const value = flags[key];
    if (value === undefined || value === false) return [];
    if (value === true) return [optionName(key)];
    const values = typeof value === 'object' ? value : [value];
    return values.flatMap((one) => [optionName(key), shellWord(String(one))]);
  });
  return [...words, ...NEGATED_KEYS.filter((key) => flags[key] === false).map((key) => `--no-${key}`)];
}

export function switchWords(flags: {
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
}): readonly string[] {
  return [...(flags.dryRun === true ? ['--dry-run'] : []), ...(flags.json === true ? ['--json'] : [])];
}

/**
 * Options that have no effect because the process is not read from KuFlow. A connection that is written into the project has one, so
 * those options are unused only in a local project, or if `writesConnection` is false.
 */
function findUnusedOptions(
  source: SourceKind | undefined,
  flags: RepeatedFlags,
  { writesConnection = true } = {},
): readonly { readonly key: RepeatedKey; readonly message: string }[] {
  if (source === 'api' || source === undefined) return [];
  const isLocal = flags.local === true;
  const local = '--local, which needs no account or endpoint';
  const described = `${DESCRIBING_OPTIONS[source]}, which describes the process`;
  const keys: readonly RepeatedKey[] = [...(isLocal || !writesConnection ? CONNECTION_KEYS : []), 'sample'];
  return REPEATED_KEYS.filter((key) => keys.includes(key) && flags[key] !== undefined).map((key) => {
    const reason = (key === 'sample' ? source === 'sample' : isLocal) ? local : described;
    return { key, message: `${optionName(key)} cannot be combined with ${reason}` };
  });
}

const DESCRIBING_OPTIONS = {
  sample: '--local',
  file: '--definition',
  flags: '--task',
  'worker-sample': '--from',
} as const;

/** The flags without options that have no effect. */
export function omitUnusedOptions<Flags extends RepeatedFlags>(source: SourceKind | undefined, flags: Flags): Flags {
  const unused = findUnusedOptions(source, flags).map(({ key }) => [key, undefined] as const);
  return { ...flags, ...Object.fromEntries(unused) };
}

/** Throws a usage error for the first option that has no effect. */
export function rejectUnusedOptions(...options: Parameters<typeof findUnusedOptions>): void {
  const [first] = findUnusedOptions(...options);
  if (first !== undefined) throw usageError(first.message);
}
