import { usageError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { CommandContext } from '../../cli/context.ts';
import { findProcessId, RECENT_RECORDS, withLocalUser } from '../../cli/local-user.ts';
import { parseState, type LocalUserFlags } from '../../cli/local-user-options.ts';
import type { ProcessItem } from '../../kuflow/contract/process-items.ts';
import { exampleTaskData, missingShapeError } from '../../platform/client/examples.ts';
import { prepareGivenData, requireValidData } from '../../platform/client/given-data.ts';
import { resolveId, type LocalUserSession } from '../../platform/client/local-user.ts';
import { withRealReferences } from '../../platform/client/references.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { printTask, printTaskChange, printTasks, toTaskSummary } from './view.ts';

export interface TaskListFlags extends LocalUserFlags {
  readonly process?: string;
  readonly state?: readonly string[];
  readonly limit: number;
}

export interface TaskCompleteFlags extends LocalUserFlags {
  readonly data?: string;
  readonly set?: readonly string[];
  readonly fake?: boolean;
  readonly allowInvalid?: boolean;
}

const TASK_STATES = ['READY', 'CLAIMED', 'COMPLETED', 'CANCELLED'] as const;
const OPEN_STATES: (typeof TASK_STATES)[number][] = ['READY', 'CLAIMED'];

/** `kuflow task list`. With `--json`: `{ tasks: [{ id, code, state, processId, ownerId?, createdAt }] }`, the newest first. */
export async function runTaskList(
  code: string | undefined,
  flags: TaskListFlags,
  context: CommandContext,
): Promise<void> {
  const states =
    flags.state === undefined ? OPEN_STATES : flags.state.map((text) => parseState(text, 'task', TASK_STATES));
  await withLocalUser(flags, context, async (session) => {
    const { user } = session;
    const processId = flags.process === undefined ? undefined : await findProcessId(session, flags.process, context);
    const page = await user.findProcessItems({
      type: ['TASK'],
      taskState: states,
      sort: ['createdAt,desc'],
      size: flags.limit,
      ...(processId === undefined ? {} : { processId: [processId] }),
      ...(code === undefined ? {} : { processItemDefinitionCode: [code] }),
    });
    const tasks = page.content.map(toTaskSummary);
    if (flags.json === true) context.terminal.out.line(stringifyForTerminal({ tasks }));
    else printTasks(context.terminal, tasks);
  });
}

/** `kuflow task show`. With `--json`: `{ task }`, the process item as KuFlow's API returns it. */
export async function runTaskShow(id: string, flags: LocalUserFlags, context: CommandContext): Promise<void> {
  await withLocalUser(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    if (flags.json === true) context.terminal.out.line(stringifyForTerminal({ task }));
    else printTask(context.terminal, task);
  });
}

/** `kuflow task claim`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskClaim(id: string, flags: LocalUserFlags, context: CommandContext): Promise<void> {
  await withLocalUser(flags, context, async (session) => {
    const { id: taskId } = await findTask(session, id, context);
    reportChange(await session.user.claimProcessItemTask(taskId), flags, context);
  });
}

/** `kuflow task complete`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskComplete(id: string, flags: TaskCompleteFlags, context: CommandContext): Promise<void> {
  if (flags.fake === true && (flags.data !== undefined || flags.set !== undefined))
    throw usageError('--fake cannot be combined with --data or --set');
  await withLocalUser(flags, context, async (session) => {
    const { user, state } = session;
    const task = await findTask(session, id, context);
    const data = await newData(session, task, flags, context);
    if (task.ownerId !== state.user.principalId) await user.claimProcessItemTask(task.id);
    if (data !== undefined) await user.updateProcessItemTaskData(task.id, data);
    reportChange(await user.completeProcessItemTask(task.id), flags, context);
  });
}

/** The data that the flags describe; undefined if the task keeps its data. */
async function newData(
  session: LocalUserSession,
  task: ProcessItem,
  flags: TaskCompleteFlags,
  context: CommandContext,
): Promise<JsonObject | undefined> {
  const { user, state } = session;
  const { code } = toTaskSummary(task);
  const { processDefinitionRef } = await user.retrieveProcess(task.processId);
  const process = await session.findDefinition(processDefinitionRef?.code ?? '');
  const definition = process?.tasks.find((known) => known.code === code);
  const access = { user, state, processId: task.processId };
  const where = `task ${code}`;
  if (flags.fake === true) {
    if (definition === undefined) throw missingShapeError(where, '--data <file>');
    const example = await withRealReferences(exampleTaskData(definition.data, `the data of ${where}`), access);
    if (flags.allowInvalid !== true) requireValidData(example, definition.data, where);
    return example;
  }
  const existing = (task.task?.data?.value ?? {}) as JsonObject;
  const data = await prepareGivenData(
    { file: flags.data, assignments: flags.set, allowInvalid: flags.allowInvalid },
    { where, shape: definition?.data, existing, access },
    { cwd: context.cwd, stdin: context.terminal.prompts.input },
  );
  if (data === undefined && flags.allowInvalid !== true) requireValidData(existing, definition?.data, where);
  return data;
}

function reportChange(task: ProcessItem, flags: LocalUserFlags, { terminal }: CommandContext): void {
  if (flags.json === true) terminal.out.line(stringifyForTerminal({ task }));
  else printTaskChange(terminal, task);
}

async function findTask({ user }: LocalUserSession, id: string, context: CommandContext): Promise<ProcessItem> {
  const taskId = await resolveId(id, {
    what: 'task',
    listIds: async (text) => {
      const recent = await user.findProcessItems({
        type: ['TASK'],
        sort: ['createdAt,desc'],
        size: RECENT_RECORDS,
        ...(text === 'latest' ? { taskState: OPEN_STATES } : {}),
      });
      return recent.content.map((item) => item.id);
    },
    hint: `List the tasks: ${context.invocation} task list`,
  });
  return await user.retrieveProcessItem(taskId);
}
