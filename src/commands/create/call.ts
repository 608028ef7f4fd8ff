import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configFolder } from '../../base/user-folders.ts';
import { usageError } from '../../base/errors.ts';
import { isUuid } from '../../base/uuid.ts';
import { readDefaultProfileName } from '../../profiles/file.ts';
import { APPLICATION_FILES } from '../../settings/keys.ts';
import { words } from '../../text/identifiers.ts';
import { shellPath, shellWord } from '../../text/shell.ts';
import type { DefinitionRequest } from './load-definition.ts';
import type { CreateCall, CreateFlags } from './flags.ts';

/** An answer that a call does not give. */
export interface Missing {
  readonly question: 'folder' | 'source' | 'process' | 'task-queue' | 'workflow-type' | 'client-id' | 'client-secret';
  /** What to add to the command, with an example. */
  readonly add: string;
  readonly why: string;
}

export type ProcessSource = 'sample' | 'file' | 'flags' | 'api';

/** Where the definition comes from by the call, or undefined when it says nothing. Throws a usage error on two at once. */
export function parseProcessSource(flags: CreateFlags): ProcessSource | undefined {
  const described = flags.task !== undefined || flags.taskSchema !== undefined || flags.metadataSchema !== undefined;
  if (flags.definition !== undefined) {
    const other = flags.process !== undefined ? '--process' : flags.task !== undefined ? '--task' : undefined;
    if (other !== undefined || described) {
      throw usageError(
        `--definition describes the whole process: leave ${other ?? '--task-schema and --metadata-schema'} out`,
      );
    }
    return 'file';
  }
  if (described && (flags.taskKind !== undefined || flags.taskOrder !== undefined)) {
    throw usageError('--task-kind and --task-order change tasks that were read: --task CODE:KIND says both by itself');
  }
  if (described) return 'flags';
  if (flags.process !== undefined) return 'api';
  return flags.local === true ? 'sample' : undefined;
}

/** Where a call happens: what it holds need not be asked for. */
export interface CallPlace {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** Every answer that is missing, so that one message can name them all. */
export function missingAnswers(call: Omit<CreateCall, 'given'>, { env, cwd }: CallPlace): readonly Missing[] {
  const { flags } = call;
  const source = parseProcessSource(flags);
  const missing: Missing[] = [];
  const add = (question: Missing['question'], what: string, why: string): void => {
    missing.push({ question, add: what, why });
  };
  if (call.folder === undefined) add('folder', 'loan-worker', 'the folder of the new project');
  if (source === undefined)
    add('source', '--local', 'the process: --local (a sample), --definition FILE, --process CODE or --task CODE');
  if (source === 'flags' && flags.process === undefined)
    add('process', '--process LOAN', 'the code of the process definition');
  if (source === 'flags' || source === 'api') {
    const screen = "as on the process definition's screen in KuFlow's app";
    if (flags.taskQueue === undefined) add('task-queue', '--task-queue LOAN_QUEUE', `the task queue, ${screen}`);
    if (flags.workflowType === undefined)
      add('workflow-type', `--workflow-type ${exampleType(flags.process ?? 'LOAN')}`, `the workflow type, ${screen}`);
  }
  const secret = flags.clientSecretFile !== undefined || flags.clientSecretStdin === true;
  const elsewhere = credentialsElsewhere({ env, cwd }).length > 0;
  const stored = flags.profile !== undefined;
  if (flags.clientId === undefined && (secret || (source === 'api' && !elsewhere && !stored))) {
    add(
      'client-id',
      '--client-id ID',
      'the client id of the application, by --client-id, or both KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET, or --profile',
    );
  }
  if (!secret && (flags.clientId !== undefined || missing.some(({ question }) => question === 'client-id'))) {
    const beside =
      env['KUFLOW_API_CLIENTSECRET'] === undefined
        ? ''
        : '; id and secret come from one place, so KUFLOW_API_CLIENTSECRET does not count';
    add(
      'client-secret',
      '--client-secret-stdin',
      `the client secret, by --client-secret-file or --client-secret-stdin${beside}`,
    );
  }
  return missing;
}

/** A workflow type such as a process of that code might have: `LoanWorkflow` for LOAN. */
export function exampleType(code: string): string {
  const capitals = words(code).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${capitals.join('')}Workflow`;
}

/** A place that may give client id and secret without being asked for. */
export interface FoundCredentials {
  readonly kind: 'environment' | 'profile' | 'file';
  /** `the environment`, the name of the profile or of the file. */
  readonly name: string;
}

/** Where client id and secret may be found without being given, the place that counts first. A file is not looked into. */
export function credentialsElsewhere({ env, cwd }: CallPlace): readonly FoundCredentials[] {
  const set = (variable: string): string => env[variable]?.trim() ?? '';
  const named = set('KUFLOW_PROFILE');
  const stored = named === '' ? readDefaultProfileName(configFolder(env)) : undefined;
  const files = APPLICATION_FILES.filter((name) => existsSync(join(cwd, name)));
  return [
    ...(set('KUFLOW_API_CLIENTID') === '' ? [] : [{ kind: 'environment', name: 'the environment' } as const]),
    ...(named === '' ? [] : [{ kind: 'profile', name: named } as const]),
    ...files.map((name) => ({ kind: 'file', name }) as const),
    ...(stored === undefined ? [] : [{ kind: 'profile', name: stored } as const]),
  ];
}

/** Throws a usage error on an id that is no UUID, and on a task queue that a worker would poll by another name. */
export function checkValues(flags: CreateFlags): void {
  const { taskQueue } = flags;
  if (taskQueue !== undefined && taskQueue !== taskQueue.trim()) {
    throw usageError(`--task-queue ${shellWord(taskQueue)}: it begins or ends with white space, which settings lose`);
  }

  // Its value stays unsaid: whoever takes the one for the other gives the secret here.
  if (flags.clientId !== undefined && !isUuid(flags.clientId.trim())) {
    throw usageError(
      '--client-id: a UUID is expected, the identifier of the application; the secret is given by another option',
    );
  }
  for (const [option, value] of [
    ['--process-id', flags.processId],
    ['--tenant-id', flags.tenantId],
  ] as const) {
    if (value !== undefined && !isUuid(value)) throw usageError(`${option} ${value}: a UUID is expected`);
  }
}

const OF_A_CONNECTION = [
  'clientId',
  'clientSecretFile',
  'clientSecretStdin',
  'profile',
  'endpoint',
  'target',
  'ca',
] as const satisfies readonly (keyof CreateFlags)[];

/**
 * The options that do nothing in a call which does not read from KuFlow, each with what it has no use beside. Those of a connection have none
 * unless it is written into the project, and a local one has none to write.
 */
function unusedOptions(
  flags: CreateFlags,
  writesConnection = true,
): readonly { readonly key: keyof CreateFlags; readonly text: string }[] {
  const source = parseProcessSource(flags);
  if (source === 'api' || source === undefined) return [];
  const local = '--local, which needs no account and no endpoint';
  const described = `${source === 'file' ? '--definition' : '--task'}, which describes the process`;
  const beside = new Map<keyof CreateFlags, string>([
    ...(flags.local === true || !writesConnection
      ? OF_A_CONNECTION.map((key) => [key, flags.local === true ? local : described] as const)
      : []),
    ['sample', source === 'sample' ? local : described],
  ]);
  return VALUES.flatMap(([key, option]) => {
    const why = flags[key] === undefined ? undefined : beside.get(key);
    return why === undefined ? [] : [{ key, text: `${option} has no use beside ${why}` }];
  });
}

/** Throws a usage error on an option that would do nothing; by default the call writes the connection into a project. */
export function checkOptionsUsed(flags: CreateFlags, { writesConnection = true } = {}): void {
  const [first] = unusedOptions(flags, writesConnection);
  if (first !== undefined) throw usageError(`${first.text}: leave one of them out`);
}

/** The flags without those that the other answers left without use. */
export function withoutUnused(flags: CreateFlags): CreateFlags {
  const unused = new Set<string>(unusedOptions(flags).map(({ key }) => key));
  return Object.fromEntries(Object.entries(flags).filter(([key]) => !unused.has(key))) as unknown as CreateFlags;
}

/** The usage error that lists what is missing, with the whole command to run. */
export function missingError(call: Omit<CreateCall, 'given'>, missing: readonly Missing[]): Error {
  const folder = call.folder ?? 'loan-worker';
  const given = createCommand({ folder, flags: call.flags });
  const added = missing.filter(({ question }) => question !== 'folder').map((one) => one.add);
  return usageError(`Answers are missing:\n${missing.map(({ why, question }) => `  ${question}: ${why}`).join('\n')}`, [
    `for example: ${[given, ...added, ...switchWords(call.flags)].join(' ')}`,
  ]);
}

/** The options that say how a command runs, as they would be written again. */
export function switchWords(flags: Pick<CreateFlags, 'dryRun' | 'json'>): readonly string[] {
  return [...(flags.dryRun === true ? ['--dry-run'] : []), ...(flags.json === true ? ['--json'] : [])];
}

/** What the flow is to take the definition from. Every answer is there. */
export function definitionRequest(flags: CreateFlags): DefinitionRequest {
  const { taskQueue, workflowType, processId, tenantId, taskKind, taskOrder } = flags;
  const over = {
    ...(taskKind === undefined && taskOrder === undefined
      ? {}
      : { tasks: { kinds: taskKind ?? [], ...(taskOrder === undefined ? {} : { order: taskOrder }) } }),
    ...(taskQueue === undefined ? {} : { taskQueue }),
    ...(workflowType === undefined ? {} : { workflowType }),
    ...(processId === undefined ? {} : { processId }),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
  switch (parseProcessSource(flags)) {
    case 'file':
      return { kind: 'file', path: flags.definition ?? '', over };
    case 'api':
      return {
        kind: 'api',
        code: flags.process ?? '',
        over,
        ...(flags.sample === undefined ? {} : { sample: flags.sample }),
      };
    case 'flags':
      return {
        kind: 'flags',
        flags: {
          code: flags.process ?? '',
          tasks: flags.task ?? [],
          taskSchemas: flags.taskSchema ?? [],
          ...(taskQueue === undefined ? {} : { taskQueue }),
          ...(workflowType === undefined ? {} : { workflowType }),
          ...(processId === undefined ? {} : { id: processId }),
          ...(tenantId === undefined ? {} : { tenant: tenantId }),
          ...(flags.metadataSchema === undefined ? {} : { metadataSchema: flags.metadataSchema }),
        },
      };
    case 'sample':
    case undefined:
      return { kind: 'sample', over };
  }
}

const VALUES = [
  ['definition', '--definition'],
  ['process', '--process'],
  ['task', '--task'],
  ['taskSchema', '--task-schema'],
  ['taskKind', '--task-kind'],
  ['taskOrder', '--task-order'],
  ['metadataSchema', '--metadata-schema'],
  ['sample', '--sample'],
  ['taskQueue', '--task-queue'],
  ['workflowType', '--workflow-type'],
  ['processId', '--process-id'],
  ['tenantId', '--tenant-id'],
  ['profile', '--profile'],
  ['clientId', '--client-id'],
  ['clientSecretFile', '--client-secret-file'],
  ['clientSecretStdin', '--client-secret-stdin'],
  ['endpoint', '--endpoint'],
  ['target', '--target'],
  ['ca', '--ca'],
  ['local', '--local'],
  ['language', '--language'],
  ['packageManager', '--package-manager'],
  ['cliPackage', '--cli-package'],
  ['overwrite', '--overwrite'],
] as const;

/** The options of a call as they would be written again, switches of a run aside. A secret is never among them, only the way it was given. */
export function optionWords(flags: Partial<CreateFlags>): readonly string[] {
  return VALUES.flatMap(([key, option]): string[] => {
    const value = flags[key];
    if (value === undefined || value === false) return [];
    if (value === true) return [option];
    return (typeof value === 'object' ? value : [value]).flatMap((one) => [option, shellWord(String(one))]);
  });
}

/** The command that repeats a call without questions. A secret is never in it, only the way it was given. */
export function createCommand(call: { readonly folder: string; readonly flags: CreateFlags }): string {
  const { flags } = call;
  const off = [
    ...(flags.install ? [] : ['--no-install']),
    ...(flags.git ? [] : ['--no-git']),
    ...(flags.check ? [] : ['--no-check']),
  ];
  return ['npx create-kuflow-worker', shellPath(call.folder), ...optionWords(flags), ...off, '--yes'].join(' ');
}
