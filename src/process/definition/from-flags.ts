import { resolve } from 'node:path';
import { parse } from 'yaml';
import { messageOf, usageError, type KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord, withoutUndefined, type JsonObject } from '../../base/json.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { isUuid } from '../../base/is-uuid.ts';
import { optionName } from '../../base/shell.ts';
import { didYouMean, formatAlternatives } from '../../base/near-match.ts';
import { findSchemaProblems } from './validate-schema.ts';
import { identifier } from '../../base/identifiers.ts';
import { LARGEST_DATA_FILE_MIB } from '../data-file.ts';
import { findNonJson } from '../data-problem.ts';
import { ACTION_AUDIENCES, ACTION_KEYS, ACTION_TYPES, TASK_KINDS } from '../definition.ts';
import type {
  ActionDefinition,
  ActionKey,
  DataShape,
  TaskDefinition,
  TaskKind,
  WorkerDefinition,
} from '../definition.ts';

export interface DefinitionFlags {
  readonly code?: string | undefined;
  readonly id?: string | undefined;
  readonly tenant?: string | undefined;
  readonly taskQueue?: string | undefined;
  readonly workflowType?: string | undefined;
  /** `<code>` or `<code>:<kind>`, in order. The default kind is human. */
  readonly tasks?: readonly string[] | undefined;
  /** `<code>=<file>`. The file contains a JSON Schema, or `schema` and `ui-schema`, as JSON or YAML. */
  readonly taskSchemas?: readonly string[] | undefined;
  /** Path of a file like those of `taskSchemas`. */
  readonly metadataSchema?: string | undefined;
}

/** Builds a definition from command options. Files are relative to `cwd`. Throws a usage error (status 2) that lists every problem by option. */
export async function definitionFromFlags(flags: DefinitionFlags, cwd = '.'): Promise<WorkerDefinition> {
  const { problems, refuse } = collectProblems();
  const required = (option: string, value: string | undefined): string => {
    if (value === undefined || value.trim() === '')
      problems.push(`${option} is ${value === undefined ? 'missing' : 'empty'}`);
    return value ?? '';
  };
  const uuid = (option: string, value: string | undefined): void => {
    if (value !== undefined && !isUuid(value))
      problems.push(`${option} must be a UUID, not ${formatOptionValue(value)}`);
  };

  const code = required('--process', flags.code);
  const taskQueue = required('--task-queue', flags.taskQueue);
  const type = required('--workflow-type', flags.workflowType);
  uuid('--process-id', flags.id);
  uuid('--tenant-id', flags.tenant);

  const tasks = new Map<string, TaskKind>();
  for (const written of flags.tasks ?? []) {
    const task = parseTask(written);
    if (typeof task === 'string') refuse('--task', written, task);
    else if (tasks.has(task.code)) refuse('--task', written, `task ${formatOptionValue(task.code)} is already defined`);
    else tasks.set(task.code, task.kind);
  }
  const data = new Map<string, DataShape>();
  const given = new Set<string>();
  for (const written of flags.taskSchemas ?? []) {
    const taskCode = parseTaskCode(written, [...tasks.keys()]);
    const equals = taskCode.length;
    if (equals < 1 || equals === written.length - 1) refuse('--task-schema', written, 'expected <code>=<file>');
    else if (!tasks.has(taskCode)) {
      const near = didYouMean(taskCode, [...tasks.keys()]);
      refuse('--task-schema', written, `the process does not contain task ${formatOptionValue(taskCode)}${near}`);
    } else if (given.has(taskCode))
      refuse('--task-schema', written, `${formatOptionValue(taskCode)} already has a schema`);
    else {
      given.add(taskCode);
      const option = `--task-schema ${formatOptionValue(taskCode)}=`;
      const read = await readShape(option, written.slice(equals + 1), cwd, problems);
      if (read !== undefined) data.set(taskCode, read);
    }
  }
  const metadata = await readShape('--metadata-schema ', flags.metadataSchema, cwd, problems);

  if (problems.length > 0) throw invalidOptionsError('The process options are invalid', problems);
  const { id, tenant } = flags;
  return withoutUndefined({
    process: withoutUndefined({ code, id, tenant }),
    workflow: { type, taskQueue },
    metadata,
    tasks: [...tasks].map(([taskCode, kind]): TaskDefinition =>
      withoutUndefined({ code: taskCode, kind, data: data.get(taskCode) }),
    ),
  });
}

/**
 * Builds a task from command options: `<code>` or `<code>:<kind>`, and optionally the path of its schema, relative to `cwd`.
 * Throws a usage error that lists every problem.
 */
export async function taskFromFlags(
  { written, schema }: { readonly written: string; readonly schema?: string | undefined },
  cwd: string,
): Promise<TaskDefinition> {
  const problems: string[] = [];
  const task = parseTask(written);
  if (typeof task === 'string') problems.push(`${written === '' ? "''" : formatOptionValue(written)}: ${task}`);
  const data = await readShape('--schema ', schema, cwd, problems);
  if (typeof task === 'string' || problems.length > 0)
    throw invalidOptionsError(
      'Cannot add the task',
      problems,
      typeof task === 'string' ? ['For example: REVIEW:system'] : [],
    );
  return withoutUndefined({ ...task, data });
}

/** The options that describe an action. */
export interface ActionFlags {
  readonly name?: string | undefined;
  readonly availableTo?: readonly string[] | undefined;
  readonly signal?: string | undefined;
  /** File of a JSON Schema for the input. */
  readonly schema?: string | undefined;
  readonly workflowType?: string | undefined;
  readonly task?: string | undefined;
  readonly relatedProcess?: string | undefined;
}

/** The options for the keys of an action. */
const ACTION_OPTIONS = {
  signal: 'signal',
  input: 'schema',
  workflow: 'workflowType',
  task: 'task',
  message: 'task',
  thread: 'task',
  process: 'relatedProcess',
} as const satisfies Record<ActionKey, keyof ActionFlags>;

/** Whether any option describes the action, in addition to its code and type. */
export function hasActionOptions({ name, availableTo, ...flags }: ActionFlags): boolean {
  return [name, availableTo, ...Object.values(ACTION_OPTIONS).map((option) => flags[option])].some(
    (value) => value !== undefined,
  );
}

/**
 * Builds a user action from command options: `<code>` or `<code>:<type>`. Files are relative to `cwd`, and its workflow has the task queue of the
 * process. Throws a usage error that lists every problem.
 */
export async function actionFromFlags(
  { written, flags, taskQueue }: { readonly written: string; readonly flags: ActionFlags; readonly taskQueue: string },
  cwd: string,
): Promise<ActionDefinition> {
  const { problems, refuse } = collectProblems();
  const parsed = parseCoded(written, ACTION_TYPES, 'send-workflow-signal', 'type');
  if (typeof parsed === 'string')
    throw usageError(`${written === '' ? "''" : formatOptionValue(written)}: ${parsed}`, [
      'For example: REPORT:downloadable',
    ]);
  const { code, value: type } = parsed;
  const keys = Object.entries(ACTION_KEYS[type]) as readonly (readonly [key: ActionKey, isRequired: boolean])[];
  for (const option of new Set(Object.values(ACTION_OPTIONS)))
    if (flags[option] !== undefined && !keys.some(([key]) => ACTION_OPTIONS[key] === option))
      problems.push(`${optionName(option)} is not for actions of type ${type}`);
  const audience = flags.availableTo?.flatMap((named) => {
    const known = ACTION_AUDIENCES.find((one) => one === named);
    if (known === undefined) refuse('--available-to', named, `must be ${formatAlternatives(ACTION_AUDIENCES)}`);
    return known ?? [];
  });
  const values: Readonly<Record<ActionKey, unknown>> = {
    signal: flags.signal ?? identifier(code, 'pascal', new Set(), 'signal'),
    input: await readShape('--schema ', flags.schema, cwd, problems),
    workflow: { type: flags.workflowType ?? `${identifier(code, 'pascal', new Set(), 'action')}Workflow`, taskQueue },
    task: flags.task,
    message: flags.task,
    thread: flags.task,
    process: flags.relatedProcess,
  };
  for (const [key, isRequired] of keys)
    if (isRequired && values[key] === undefined)
      problems.push(`${optionName(ACTION_OPTIONS[key])} is required for type ${type}`);
  if (problems.length > 0) throw invalidOptionsError('Cannot add the action', problems);
  const described = Object.fromEntries(keys.map(([key]) => [key, values[key]]));
  return withoutUndefined({ code, type, name: flags.name, ...described, availableTo: audience }) as ActionDefinition;
}

/** The code in `<code>=<file>`. Codes may contain equals signs, so the longest known code that fits wins. */
function parseTaskCode(written: string, codes: readonly string[]): string {
  const known = codes.filter((code) => written.startsWith(`${code}=`)).toSorted((a, b) => b.length - a.length)[0];
  return known ?? written.slice(0, Math.max(written.indexOf('='), 0));
}

function parseTask(written: string): { readonly code: string; readonly kind: TaskKind } | string {
  const parsed = parseCoded(written, TASK_KINDS, 'human', 'kind');
  return typeof parsed === 'string' ? parsed : { code: parsed.code, kind: parsed.value };
}

/** Reads `<code>` or `<code>:<value>`, or returns the problem. `what` names the value. */
function parseCoded<Value extends string>(
  written: string,
  values: readonly Value[],
  byDefault: Value,
  what: string,
): { readonly code: string; readonly value: Value } | string {
  const colon = written.lastIndexOf(':');
  const code = colon < 0 ? written : written.slice(0, colon);
  if (code.trim() === '') return `expected <code> or <code>:<${what}>`;
  if (colon < 0) return { code, value: byDefault };
  const named = written.slice(colon + 1);
  const value = values.find((known) => known === named);
  return value === undefined ? describeAllowedValues(what, values, named) : { code, value };
}

function describeAllowedValues(what: string, values: readonly string[], given: string): string {
  return `the ${what} must be ${formatAlternatives(values)}${didYouMean(given, values)}`;
}

/** A list of problems, and a function that adds what is wrong with the value of an option. */
function collectProblems() {
  const problems: string[] = [];
  const refuse = (option: string, value: string, why: string): void =>
    void problems.push(`${option} ${formatOptionValue(value)}: ${why}`);
  return { problems, refuse };
}

/** Reads the schema in the file of an option, if it is given. Adds its problems to `problems`. */
async function readShape(
  option: string,
  file: string | undefined,
  cwd: string,
  problems: string[],
): Promise<DataShape | undefined> {
  if (file === undefined) return undefined;
  const result = await readShapeFile(resolve(cwd, file));
  if ('schema' in result) return result;
  problems.push(...result.map((problem) => `${option}${escapeForTerminal(file, 200)}: ${problem}`));
  return undefined;
}

/** Reads the schema in a file, or returns its problems. */
async function readShapeFile(file: string): Promise<DataShape | readonly string[]> {
  let value: unknown;
  try {
    const content = await readSmallFile(file, LARGEST_DATA_FILE_MIB * MIB);
    if (content.bytes === undefined)
      return [content.refused === 'too-large' ? `is larger than ${LARGEST_DATA_FILE_MIB} MiB` : 'is not a file'];
    value = parse(content.bytes.toString('utf8'), { prettyErrors: true, maxAliasCount: 100, logLevel: 'error' });
  } catch (error) {
    return [escapeForTerminal(messageOf(error).split('\n')[0] ?? '', 200).replace(/:$/, '')];
  }
  if (!isRecord(value)) return ['does not contain a JSON Schema; expected a map'];
  const both = isRecord(value['schema']) && value['type'] === undefined && value['properties'] === undefined;
  const schema = both ? value['schema'] : value;
  const uiSchema: unknown = both ? (value['ui-schema'] ?? value['uiSchema'] ?? value['uischema']) : undefined;
  if (!isRecord(schema)) return ['does not contain a JSON Schema; expected a map'];
  if (uiSchema !== undefined && !isRecord(uiSchema)) return ['ui-schema must be a map'];
  const problems = [...findNonJson(value), ...(await findSchemaProblems(schema))];
  if (problems.length > 0)
    return problems.map(
      ({ path, reason }) => `${path.length === 0 ? 'it' : escapeForTerminal(path.join('.'), 120)} ${reason}`,
    );
  return withoutUndefined({ schema: schema as JsonObject, uiSchema: uiSchema as JsonObject | undefined });
}

export interface TaskChanges {
  /** `<code>=<kind>` */
  readonly kinds: readonly string[];
  /** Every task code once, in the new order. */
  readonly order?: readonly string[] | undefined;
}

/** Changes the kinds and the order of tasks. Throws a usage error that lists every problem by option. */
export function applyTaskChanges(definition: WorkerDefinition, changes: TaskChanges): WorkerDefinition {
  const { problems, refuse } = collectProblems();
  const codes = definition.tasks.map(({ code }) => code);
  const unknown = (code: string): string =>
    `the process does not contain task ${formatOptionValue(code)}${didYouMean(code, codes)}`;
  const kinds = new Map<string, TaskKind>();
  for (const written of changes.kinds) {
    const equals = written.lastIndexOf('=');
    const [code, named] = [written.slice(0, Math.max(equals, 0)), written.slice(equals + 1)];
    const kind = TASK_KINDS.find((known) => known === named);
    if (equals < 1) refuse('--task-kind', written, 'expected <code>=<kind>');
    else if (!codes.includes(code)) refuse('--task-kind', written, unknown(code));
    else if (kind === undefined) refuse('--task-kind', written, describeAllowedValues('kind', TASK_KINDS, named));
    else kinds.set(code, kind);
  }
  const order = changes.order ?? codes;
  for (const code of order) if (!codes.includes(code)) refuse('--task-order', code, unknown(code));
  const left = codes.filter((code) => !order.includes(code));
  if (left.length > 0)
    problems.push(`--task-order must list every task exactly once; missing: ${left.map(formatOptionValue).join(', ')}`);
  if (new Set(order).size < order.length) problems.push('--task-order must list every task exactly once');
  if (problems.length > 0) throw invalidOptionsError('Cannot change the tasks', problems);
  const tasks = order.flatMap((code) => definition.tasks.filter((task) => task.code === code));
  return { ...definition, tasks: tasks.map((task) => ({ ...task, kind: kinds.get(task.code) ?? task.kind })) };
}

/** The value of an option as a message quotes it. */
function formatOptionValue(text: string): string {
  return escapeForTerminal(text, 80);
}

/** The usage error for options with these problems: one problem is the message, several follow it, one per line. */
function invalidOptionsError(message: string, problems: readonly string[], next: readonly string[] = []): KnownError {
  const [first = '', ...others] = problems;
  if (others.length === 0) return usageError(first, next);
  return usageError(`${message}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, next);
}
