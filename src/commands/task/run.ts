import { amendError, copyError, KnownError, usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { JsonObject } from '../../base/json.ts';
import { isUuid } from '../../base/is-uuid.ts';
import { requireConfirmation } from '../../cli/confirm-change.ts';
import type { CommandContext } from '../../cli/context.ts';
import {
  findProcessId,
  rejectDataSources,
  rejectFakeData,
  tenantQuery,
  withKuFlow,
  type DataFlags,
} from '../../cli/with-kuflow.ts';
import { runningCodes, stepsForUnpolledQueues, warnAboutUnpolledQueues } from '../../cli/workers-view.ts';
import type { ChangeFlags, SessionFlags } from '../../cli/process-and-task-options.ts';
import { KuFlowApiError } from '../../kuflow/errors.ts';
import type { ProcessItem, ProcessItemTaskState } from '../../kuflow/contract/process-items.ts';
import { exampleTaskData, missingShapeError } from '../../platform/domain/examples.ts';
import { formatValueErrors, prepareGivenData, requireValidData } from '../../platform/client/given-data.ts';
import { isIdOrLatest, resolveId } from '../../kuflow/find-id.ts';
import type { KuFlowSession } from '../../platform/client/kuflow-session.ts';
import { RECENT_RECORDS } from '../../platform/client/light-client.ts';
import { withRealReferences } from '../../platform/domain/references.ts';
import { readDefinitions, requestRelease, type DevApiAccess } from '../../platform/rest/dev-client.ts';
import { formatTaskName, printTask, printTaskChange, printTasks, toTaskSummary, type TaskChange } from './view.ts';

export interface TaskListFlags extends SessionFlags {
  readonly process?: string;
  readonly state?: readonly ProcessItemTaskState[];
  readonly limit: number;
}

export interface TaskDataFlags extends DataFlags {
  readonly data?: string;
}

const OPEN_STATES: readonly ProcessItemTaskState[] = ['READY', 'CLAIMED'];

/** `kuflow task list`. With `--json`: `{ tasks: [{ id, code, state, processId, ownerId?, createdAt }] }`, the newest first. */
export async function runTaskList(
  code: string | undefined,
  flags: TaskListFlags,
  context: CommandContext,
): Promise<void> {
  await withKuFlow(flags, context, async (session) => {
    const processId = flags.process === undefined ? undefined : await findProcessId(session, flags.process, context);
    const page = await session.client.findProcessItems({
      ...tenantQuery(session),
      type: ['TASK'],
      taskState: flags.state ?? OPEN_STATES,
      sort: ['createdAt,desc'],
      size: flags.limit,
      ...(processId === undefined ? {} : { processId: [processId] }),
      ...(code === undefined ? {} : { processItemDefinitionCode: [code] }),
    });
    const tasks = page.content.map(toTaskSummary);
    if (flags.json === true) context.terminal.out.json({ tasks });
    else if (tasks.length > 0) printTasks(context.terminal, tasks, page.metadata.totalElements);
    else {
      context.terminal.err.line(flags.state === undefined ? 'No open tasks' : 'No tasks');
      await warnAboutUnpolledQueues(session, await runningCodes(session), context);
    }
  });
}

/** `kuflow task show`. With `--json`: `{ task }`, the process item as KuFlow's API returns it. */
export async function runTaskShow(id: string, flags: SessionFlags, context: CommandContext): Promise<void> {
  await withKuFlow(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    if (flags.json === true) context.terminal.out.json({ task });
    else printTask(context.terminal, task);
  });
}

/** `kuflow task claim`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskClaim(id: string, flags: ChangeFlags, context: CommandContext): Promise<void> {
  await withKuFlow(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    requireConfirmation(session, flags, `claim ${formatTaskName(task)}`);
    reportChange('Claimed', await claim(session, task, context), flags, context);
  });
}

/** `kuflow task assign`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskAssign(
  id: string,
  assignee: string,
  flags: ChangeFlags,
  context: CommandContext,
): Promise<void> {
  if (!isUuid(assignee) && !assignee.includes('@')) throw usageError(`${assignee} is not an email address or an ID`);
  await withKuFlow(flags, context, async (session) => {
    const { client, local } = session;
    const task = await findTask(session, id, context);
    const owner = isUuid(assignee)
      ? { ownerId: assignee }
      : local === undefined
        ? { ownerEmail: assignee }
        : { ownerId: (await local.findUser(assignee)).principalId };
    requireConfirmation(session, flags, `assign ${formatTaskName(task)} to ${assignee}`);
    reportChange('Assigned', await client.assignProcessItemTask(task.id, owner), flags, context);
  });
}

/** `kuflow task release`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskRelease(id: string, flags: ChangeFlags, context: CommandContext): Promise<void> {
  await withKuFlow(
    flags,
    context,
    async (session) => {
      const { local } = session;
      const task = await findTask(session, id, context);
      if (local === undefined)
        throw usageError("KuFlow's API cannot release a task", [
          `Assign it to somebody else: ${context.invocation} task assign ${task.id} <email> --yes`,
        ]);
      await rejectOtherOwner(session, task, context);
      reportChange('Released', await requestRelease(local.devApi, task.id), flags, context);
    },
    { onlyLocal: true },
  );
}

/** `kuflow task save`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskSave(id: string, flags: TaskDataFlags, context: CommandContext): Promise<void> {
  rejectDataSources(flags, '--data', flags.data);
  if (flags.fake !== true && flags.data === undefined && flags.set === undefined)
    throw usageError('Pass the data to save with --data, --set or --fake');
  await withKuFlow(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    const saved = await saveData(session, task, { ...flags, draft: true }, context);
    reportChange('Saved', saved, flags, context);
  });
}

/** `kuflow task complete`. With `--json`: `{ task }`, the process item afterward. */
export async function runTaskComplete(id: string, flags: TaskDataFlags, context: CommandContext): Promise<void> {
  rejectDataSources(flags, '--data', flags.data);
  await withKuFlow(flags, context, async (session) => {
    const task = await findTask(session, id, context);
    const saved = await saveData(session, task, flags, context);
    if (flags.allowInvalid !== true) requireValidTask(saved);
    reportChange('Completed', await session.client.completeProcessItemTask(task.id), flags, context);
    if (flags.json !== true && session.local !== undefined) {
      const { processDefinitionRef } = await session.client.retrieveProcess(task.processId);
      await warnAboutUnpolledQueues(session, [processDefinitionRef?.code ?? ''], context);
    }
  });
}

/** Checks the new data, if there is any, claims the task if nobody has, and saves the data. Returns the task afterward. */
async function saveData(
  session: KuFlowSession,
  task: ProcessItem,
  flags: TaskDataFlags & { readonly draft?: boolean },
  context: CommandContext,
): Promise<ProcessItem> {
  const { client } = session;
  rejectFakeData(session, flags);
  await rejectOtherOwner(session, task, context);
  const change = `${flags.draft === true ? 'save data of' : 'complete'} ${formatTaskName(task)}`;
  // Before the data is prepared, because that can upload documents.
  requireConfirmation(session, flags, change);
  const data = await newData(session, task, flags, context);
  const claimed = task.ownerId === undefined ? await claim(session, task, context) : task;
  return data === undefined ? claimed : await client.updateProcessItemTaskData(task.id, data);
}

async function claim(
  { client, caller, local }: KuFlowSession,
  task: ProcessItem,
  context: CommandContext,
): Promise<ProcessItem> {
  try {
    return await client.claimProcessItemTask(task.id);
  } catch (error) {
    if (!(error instanceof KuFlowApiError) || error.kind !== 'forbidden') throw error;
    // KuFlow's own hints are about the roles of an application.
    if (local !== undefined)
      throw new KnownError({
        message: `${caller.name} may not claim ${formatTaskName(task)}`,
        seen: error.seen,
        next: ['Act as a candidate: --as <email>'],
      });
    const assign = `${context.invocation} task assign ${task.id} <email> --yes`;
    throw amendError(error, {
      message: `KuFlow does not allow the application to claim ${formatTaskName(task)}`,
      next: [`Or assign the task to a user, who can complete it: ${assign}`],
    });
  }
}

/** Rejects with KnownError if another principal has claimed the task. */
async function rejectOtherOwner(
  { client, caller, local }: KuFlowSession,
  task: ProcessItem,
  context: CommandContext,
): Promise<void> {
  const { ownerId } = task;
  if (ownerId === undefined || ownerId === caller.principalId) return;
  const { name, user } = await client.retrievePrincipal(ownerId);
  const assign = `${context.invocation} task assign ${task.id} ${caller.email ?? caller.principalId}`;
  throw new KnownError({
    message: `${formatTaskName(task)} is claimed by ${escapeForTerminal(name ?? user?.email ?? ownerId, 100)}`,
    next: [
      ...(local === undefined || user?.email === undefined ? [] : [`Act as the owner: --as ${user.email}`]),
      `${local === undefined ? 'Assign' : 'Or assign'} the task to ${caller.name}: ${assign}${local === undefined ? ' --yes' : ''}`,
    ],
  });
}

/**
 * Rejects data that KuFlow finds invalid although nothing was wrong with it here: the schema may be unknown, and a reference may lead nowhere.
 */
function requireValidTask(task: ProcessItem): void {
  const { valid = true, errors = [] } = task.task?.data ?? {};
  if (valid) return;
  throw new KnownError({
    message: `${formatTaskName(task)} was not completed: KuFlow reports that its data does not match its schema`,
    seen: formatValueErrors(errors),
    next: ['Correct the data', 'To complete the task anyway, pass --allow-invalid'],
  });
}

/** The data that the flags describe; undefined if the task keeps its data. In a draft, required properties may be missing. */
async function newData(
  session: KuFlowSession,
  task: ProcessItem,
  flags: TaskDataFlags & { readonly draft?: boolean },
  context: CommandContext,
): Promise<JsonObject | undefined> {
  const { client, caller } = session;
  const { code } = toTaskSummary(task);
  const process = await session.findDefinitionOf(await client.retrieveProcess(task.processId));
  const definition = process?.tasks.find((known) => known.code === code);
  const access = { client, caller, processId: task.processId };
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
  if (data === undefined && allowInvalid !== true) {
    requireValidData(existing, definition?.data, where);
    requireValidTask(task);
  }
  return data;
}

function reportChange(change: TaskChange, task: ProcessItem, flags: SessionFlags, { terminal }: CommandContext): void {
  if (flags.json === true) terminal.out.json({ task });
  else printTaskChange(terminal, change, task);
}

async function findTask(session: KuFlowSession, id: string, context: CommandContext): Promise<ProcessItem> {
  const taskId = await findTaskId(session, id, context).catch(async (error: unknown) => {
    const isNotFound = error instanceof KnownError && !(error instanceof KuFlowApiError);
    if (!isNotFound || session.local === undefined) throw error;
    await requireKnownTask(session.local.devApi, id);
    const open = await session.client.findProcessItems({ type: ['TASK'], taskState: OPEN_STATES, size: 1 });
    if (open.content.length > 0) throw error;
    const start = await stepsForUnpolledQueues(session, context);
    throw start.length === 0 ? error : copyError(error, { next: start });
  });
  return await session.client.retrieveProcessItem(taskId);
}

/** Throws a usage error for a code that no process of the local KuFlow has. */
async function requireKnownTask(devApi: DevApiAccess, code: string): Promise<void> {
  if (isIdOrLatest(code)) return;
  const definitions = await readDefinitions(devApi);
  const codes = [...new Set(definitions.flatMap(({ tasks }) => tasks.map((task) => task.code)))];
  if (codes.includes(code)) return;
  throw usageError(
    `No process here has a task with the code ${code}${didYouMean(code, codes)}`,
    codes.length === 0 ? [] : [`Available: ${codes.join(', ')}`],
  );
}

async function findTaskId(session: KuFlowSession, id: string, context: CommandContext): Promise<string> {
  const { client } = session;
  const list = async (query: Parameters<typeof client.findProcessItems>[0]): Promise<readonly string[]> => {
    const recent = await client.findProcessItems({
      ...tenantQuery(session),
      type: ['TASK'],
      sort: ['createdAt,desc'],
      size: RECENT_RECORDS,
      ...query,
    });
    return recent.content.map((item) => item.id);
  };
  return await resolveId(id, {
    what: 'task',
    listIds: async (text) => await list(text === 'latest' ? { taskState: OPEN_STATES } : {}),
    listByCode: async (code) => await list({ taskState: OPEN_STATES, processItemDefinitionCode: [code] }),
    hint: `List the tasks: ${context.invocation} task list`,
  });
}
