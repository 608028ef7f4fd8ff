import { KnownError, usageError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { isUuid } from '../../base/is-uuid.ts';
import type { CommandContext } from '../../cli/context.ts';
import { findProcessId, withLocalUser } from '../../cli/local-user.ts';
import { parseState, type ActingFlags, type LocalUserFlags } from '../../cli/local-user-options.ts';
import type { ProcessItem } from '../../kuflow/contract/process-items.ts';
import { exampleTaskData, missingShapeError } from '../../platform/client/examples.ts';
import { formatValueErrors, prepareGivenData, requireValidData } from '../../platform/client/given-data.ts';
import { resolveId, type LocalUserSession } from '../../platform/client/local-user.ts';
import { RECENT_RECORDS } from '../../platform/client/light-client.ts';
import { withRealReferences } from '../../platform/client/references.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { formatTaskName, printTask, printTaskChange, printTasks, toTaskSummary, type TaskChange } from './view.ts';

export interface TaskListFlags extends LocalUserFlags {
  readonly process?: string;
  readonly state?: readonly string[];
  readonly limit: number;
}

export interface TaskChangeFlags extends LocalUserFlags, ActingFlags {}

export interface TaskDataFlags extends TaskChangeFlags {
  readonly data?: string;
  readonly set?: readonly string[];
  readonly fake?: boolean;
  readonly allowInvalid?: boolean;
}

const OPEN_STATES: ReturnType<typeof parseState<'task'>>[] = ['READY', 'CLAIMED'];

/** `kuflow task list`. With `--json`: `{ tasks: [{ id, code, state, processId, ownerId?, createdAt }] }`, the newest first. */
export async function runTaskList(
  code: string | undefined,
  flags: TaskListFlags,
  context: CommandContext,
): Promise<void> {
  const states = flags.state?.map((text) => parseState(text, 'task')) ?? OPEN_STATES;
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
export async function runTaskClaim(id: string, flags: TaskChangeFlags, context: CommandContext): Promise<void> {
  await withLocalUser(flags, context, async (session) => {
    const { id: taskId } = await findTask(session, id, context);
    reportChange('Claimed', await session.user.claimProcessItemTask(taskId), flags, context);
  });
}

/** `kuflow task assign`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskAssign(
  id: string,
  assignee: string,
  flags: TaskChangeFlags,
  context: CommandContext,
): Promise<void> {
  await withLocalUser(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    const ownerId = isUuid(assignee) ? assignee : (await session.findUser(assignee)).principalId;
    reportChange('Assigned', await session.user.assignProcessItemTask(task.id, { ownerId }), flags, context);
  });
}

/** `kuflow task save`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskSave(id: string, flags: TaskDataFlags, context: CommandContext): Promise<void> {
  rejectSeveralSources(flags);
  if (flags.fake !== true && flags.data === undefined && flags.set === undefined)
    throw usageError('Pass the data to save with --data, --set or --fake');
  await withLocalUser(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    const data = await newData(session, task, { ...flags, draft: true }, context);
    await claimFor(session, task, context);
    reportChange('Saved', await session.user.updateProcessItemTaskData(task.id, data ?? {}), flags, context);
  });
}

/** `kuflow task complete`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskComplete(id: string, flags: TaskDataFlags, context: CommandContext): Promise<void> {
  rejectSeveralSources(flags);
  await withLocalUser(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    const data = await newData(session, task, flags, context);
    await claimFor(session, task, context);
    if (data !== undefined) {
      const saved = await session.user.updateProcessItemTaskData(task.id, data);
      if (flags.allowInvalid !== true) requireSavedValid(saved);
    }
    reportChange('Completed', await session.user.completeProcessItemTask(task.id), flags, context);
  });
}

function rejectSeveralSources({ fake, data, set }: TaskDataFlags): void {
  if (fake === true && (data !== undefined || set !== undefined))
    throw usageError('--fake cannot be combined with --data or --set');
}

/** Claims the task if nobody has. Rejects with KnownError if another principal has. */
async function claimFor({ user, state }: LocalUserSession, task: ProcessItem, context: CommandContext): Promise<void> {
  const { ownerId } = task;
  if (ownerId === state.user.principalId) return;
  if (ownerId === undefined) {
    await user.claimProcessItemTask(task.id);
    return;
  }
  const owner = await user.retrievePrincipal(ownerId);
  const email = owner.user?.email;
  throw new KnownError({
    message: `${formatTaskName(task)} is claimed by ${owner.name ?? email ?? ownerId}`,
    next: [
      ...(email === undefined ? [] : [`Act as the owner: --as ${email}`]),
      `Or assign the task to ${state.user.name}: ${context.invocation} task assign ${task.id} ${state.user.email}`,
    ],
  });
}

/** The data can be invalid although it matches the schema, because a reference leads nowhere. */
function requireSavedValid(task: ProcessItem): void {
  const { valid = true, errors = [] } = task.task?.data ?? {};
  if (valid) return;
  throw new KnownError({
    message: `${formatTaskName(task)} is claimed and its data is saved, but not completed, because KuFlow found the data invalid`,
    seen: formatValueErrors(errors),
    next: ['Correct the data', 'To complete the task anyway, pass --allow-invalid'],
  });
}

/** The data that the flags describe; undefined if the task keeps its data. In a draft, required properties may be missing. */
async function newData(
  session: LocalUserSession,
  task: ProcessItem,
  flags: TaskDataFlags & { readonly draft?: boolean },
  context: CommandContext,
): Promise<JsonObject | undefined> {
  const { user, state } = session;
  const { code } = toTaskSummary(task);
  const { processDefinitionRef } = await user.retrieveProcess(task.processId);
  const process = await session.findDefinition(processDefinitionRef?.code ?? '');
  const definition = process?.tasks.find((known) => known.code === code);
  const access = { user, state, processId: task.processId };
  const where = `task ${code}`;
  const { draft, allowInvalid } = flags;
  if (flags.fake === true) {
    if (definition === undefined) throw missingShapeError(where, '--data <file>');
    const example = await withRealReferences(exampleTaskData(definition.data, `the data of ${where}`), access);
    if (allowInvalid !== true) requireValidData(example, definition.data, where, { draft });
    return example;
  }
  const existing = (task.task?.data?.value ?? {}) as JsonObject;
  const data = await prepareGivenData(
    { file: flags.data, assignments: flags.set, allowInvalid, draft },
    { where, shape: definition?.data, existing, access },
    { cwd: context.cwd, stdin: context.terminal.prompts.input },
  );
  if (data === undefined && allowInvalid !== true) requireValidData(existing, definition?.data, where);
  return data;
}

function reportChange(
  change: TaskChange,
  task: ProcessItem,
  flags: LocalUserFlags,
  { terminal }: CommandContext,
): void {
  if (flags.json === true) terminal.out.line(stringifyForTerminal({ task }));
  else printTaskChange(terminal, change, task);
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
