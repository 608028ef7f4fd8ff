import { systemClock } from '../../base/clock.ts';
import { messageOf, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { didYouMean } from '../../base/near-match.ts';
import { shellWord } from '../../base/shell.ts';
import { LOCAL_HINT, requireConfirmation } from '../../cli/confirm-change.ts';
import type { CommandContext } from '../../cli/context.ts';
import {
  findProcessId,
  rejectDataSources,
  rejectFakeData,
  tenantQuery,
  withKuFlow,
  type DataFlags,
} from '../../cli/with-kuflow.ts';
import { warnAboutUnpolledQueues } from '../../cli/workers-view.ts';
import type { ChangeFlags, SessionFlags } from '../../cli/process-and-task-options.ts';
import type { ProcessAction, ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import type { Process, ProcessPageItem, ProcessState } from '../../kuflow/contract/processes.ts';
import { exampleMetadata, missingShapeError } from '../../platform/domain/examples.ts';
import { prepareGivenData } from '../../platform/client/given-data.ts';
import { RECENT_RECORDS } from '../../platform/client/light-client.ts';
import { withRealReferences } from '../../platform/domain/references.ts';
import {
  onlyServedCode,
  requireServedCode,
  type KnownDefinition,
  type KuFlowSession,
} from '../../platform/client/kuflow-session.ts';
import { readActions, readTimeline, requestSignal } from '../../platform/rest/dev-client.ts';
import type { ActionDefinition, DataShape } from '../../process/definition.ts';
import { findReferences } from '../../schema/kuflow-references.ts';
import { printSteps } from '../../terminal/print-error.ts';
import {
  formatProcessName,
  printActions,
  printInvokedAction,
  printProcess,
  printProcesses,
  printStartedProcess,
  processPrinter,
  toItemSummary,
  toProcessSummary,
  type ProcessHistory,
} from './view.ts';

interface ProcessListFlags extends SessionFlags {
  readonly state?: readonly ProcessState[];
  readonly limit: number;
}

interface ProcessStartFlags extends DataFlags {
  readonly metadata?: string;
  readonly wait?: boolean;
}

interface ProcessSignalFlags extends ChangeFlags {
  readonly set?: readonly string[];
  readonly input?: string;
}

interface ProcessActFlags extends ChangeFlags {
  readonly set?: readonly string[];
  readonly text?: string;
  readonly thread?: string;
  readonly wait?: boolean;
}

/** `kuflow process start`. With `--json`: `{ process }`, as KuFlow's API returns it. Exit status 1 if `--wait` sees it canceled. */
export async function runProcessStart(
  code: string | undefined,
  flags: ProcessStartFlags,
  context: CommandContext,
): Promise<void> {
  rejectDataSources(flags, '--metadata', flags.metadata);
  const { terminal } = context;
  await withKuFlow(flags, context, async (session) => {
    rejectFakeData(session, flags);
    const codes = await session.listCodes();
    const chosen = code ?? onlyServedCode(codes);
    if (session.local !== undefined) requireServedCode(codes, chosen);
    const definition = await session.findDefinition(chosen);
    const metadata = await newMetadata(session, chosen, definition, flags, context);
    requireConfirmation(session, flags, `start a process of ${chosen}`);
    const started = await session.client.createProcess({
      processDefinitionCode: chosen,
      tenantId: session.tenantId ?? definition?.tenant ?? (await onlyTenant(session)),
      ...(metadata === undefined ? {} : { metadata: { value: { ...metadata } } }),
    });
    if (flags.json !== true) {
      printStartedProcess(terminal, started);
      await warnAboutUnpolledQueues(session, [chosen], context);
    }
    const read = (): Promise<Process> => session.client.retrieveProcess(started.id);
    const process = flags.wait === true ? await waitForProcess(session, read, context) : started;
    if (flags.json === true) terminal.out.json({ process });
    else if (flags.wait === true) terminal.err.line(`The process is ${process.state}`);
    if (flags.wait === true && process.state !== 'COMPLETED') context.setStatus(1);
  });
}

async function onlyTenant({ client }: KuFlowSession): Promise<string> {
  const { content } = await client.findTenants({ size: 2 });
  const [tenant] = content;
  if (tenant !== undefined && content.length === 1) return tenant.id;
  throw usageError(
    tenant === undefined
      ? 'The application does not belong to a tenant'
      : 'The application belongs to several tenants: pass --tenant-id <uuid>',
  );
}

async function newMetadata(
  { client, caller }: KuFlowSession,
  code: string,
  definition: KnownDefinition | undefined,
  flags: ProcessStartFlags,
  context: CommandContext,
): Promise<JsonObject | undefined> {
  const where = `the metadata of ${code}`;
  const shape = definition?.metadata;
  const access = { client, caller };
  if (flags.fake === true) {
    if (definition === undefined) throw missingShapeError(where, '--metadata <file>');
    if (shape === undefined) return undefined;
    const example = exampleMetadata(shape);
    if (example === undefined)
      throw usageError(`No valid example of ${where} could be generated`, ['Pass it with --metadata <file>']);
    if (hasDocument(example))
      throw usageError(
        `Valid example data for ${where} needs a document, which can only be uploaded to a running process`,
        ['Pass the metadata without it: --metadata <file> --allow-invalid'],
      );
    return await withRealReferences(example, access);
  }
  return await prepareGivenData(
    { file: flags.metadata, assignments: flags.set, allowInvalid: flags.allowInvalid },
    { where, shape, existing: {}, access },
    { cwd: context.cwd, stdin: context.terminal.prompts.input },
  );
}

const hasDocument = (data: JsonObject): boolean => findReferences(data, ['file']).length > 0;

const waitForProcess = (session: KuFlowSession, read: () => Promise<Process>, context: CommandContext) =>
  waitForEnd(session, read, ({ state }) => state !== 'RUNNING', context.interruption());

/** Milliseconds between two requests. */
const LOCAL_POLL_MS = 200;
const POLL_MS = 2_000;

/** Polls a process or an action until it has ended. Rejects when `signal` aborts. */
async function waitForEnd<T>(
  { local }: KuFlowSession,
  read: () => Promise<T>,
  hasEnded: (latest: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const latest = await read();
    if (hasEnded(latest)) return latest;
    await systemClock.sleep(local === undefined ? POLL_MS : LOCAL_POLL_MS, signal);
  }
}

/** `kuflow process list`. With `--json`: `{ processes: [{ id, code, state, initiatorId?, createdAt? }] }`, the newest first. */
export async function runProcessList(
  code: string | undefined,
  flags: ProcessListFlags,
  context: CommandContext,
): Promise<void> {
  const { state } = flags;
  await withKuFlow(flags, context, async (session) => {
    if (session.local !== undefined && code !== undefined) requireServedCode(await session.listCodes(), code);
    const page = await session.client.findProcesses({
      ...tenantQuery(session),
      sort: ['createdAt,desc'],
      size: flags.limit,
      ...(state === undefined ? {} : { state }),
      ...(code === undefined ? {} : { processDefinitionCode: [code] }),
    });
    const processes = page.content.map(toProcessSummary);
    if (flags.json === true) context.terminal.out.json({ processes });
    else {
      printProcesses(context.terminal, processes, page.metadata.totalElements);
      if (processes.length === 0 && flags.state === undefined && session.local !== undefined)
        printSteps(context.terminal.err, [
          `Start one: ${context.invocation} process start${code === undefined ? '' : ` ${shellWord(code)}`}`,
        ]);
      await warnAboutUnpolledQueues(session, runningCodes(page.content), context);
    }
  });
}

/**
 * `kuflow process show`. With `--json`: `{ process, items, timeline? }`; `process` as KuFlow's API returns it, `timeline` as in
 * `kuflow dev simulate`, and only in the local KuFlow. Exit status 1 if `--watch` sees the process canceled.
 */
export async function runProcessShow(
  id: string,
  flags: SessionFlags & { readonly watch?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  await withKuFlow(flags, context, async (session) => {
    const processId = await findProcessId(session, id, context);
    if (flags.watch !== true) {
      const process = await session.client.retrieveProcess(processId);
      const history = await readHistory(session, processId);
      if (flags.json === true) terminal.out.json({ process, ...history });
      else {
        printProcess(terminal, process, history);
        await warnAboutUnpolledQueues(session, runningCodes([process]), context);
      }
      return;
    }
    const print = flags.json === true ? () => undefined : processPrinter(terminal);
    const readAndPrint = async (): Promise<Process> => {
      const process = await session.client.retrieveProcess(processId);
      print(process, await readHistory(session, processId));
      return process;
    };
    const last = await waitForProcess(session, readAndPrint, context);
    if (flags.json === true) terminal.out.json({ process: last, ...(await readHistory(session, processId)) });
    else terminal.err.line(`The process is ${last.state}`);
    if (last.state !== 'COMPLETED') context.setStatus(1);
  });
}

const runningCodes = (processes: readonly (Process | ProcessPageItem)[]): readonly string[] =>
  processes
    .map(toProcessSummary)
    .filter(({ state }) => state === 'RUNNING')
    .map(({ code }) => code);

async function readHistory({ client, local }: KuFlowSession, processId: string): Promise<ProcessHistory> {
  const { content } = await client.findProcessItems({
    processId: [processId],
    sort: ['createdAt,asc'],
    size: RECENT_RECORDS,
  });
  return {
    items: content.map(toItemSummary),
    ...(local === undefined ? {} : { timeline: await readTimeline(local.devApi, processId) }),
  };
}

/** `kuflow process signal`. With `--json`: `{ signal: { processId, name } }`. */
export async function runProcessSignal(
  id: string,
  name: string,
  flags: ProcessSignalFlags,
  context: CommandContext,
): Promise<void> {
  const json = flags.input === undefined ? undefined : parseInput(flags.input);
  await withKuFlow(
    flags,
    context,
    async (session) => {
      const { client, caller, local } = session;
      if (local === undefined)
        throw usageError("KuFlow's API cannot send signals, so this command needs the local KuFlow", [LOCAL_HINT]);
      const process = await client.retrieveProcess(await findProcessId(session, id, context));
      const input =
        json ??
        (await prepareGivenData(
          { assignments: flags.set, allowInvalid: true },
          {
            where: 'the input',
            shape: undefined,
            existing: {},
            access: { client, caller, processId: process.id },
          },
          { cwd: context.cwd, stdin: context.terminal.prompts.input },
        ));
      const signal = await requestSignal(local.devApi, process.id, { name, input });
      if (flags.json === true) context.terminal.out.json({ signal });
      else {
        context.terminal.err.line(`Sent signal ${escapeForTerminal(name)} to ${formatProcessName(process)}`);
        await warnAboutUnpolledQueues(session, runningCodes([process]), context);
      }
    },
    { onlyLocal: true },
  );
}

function parseInput(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usageError(`--input is not valid JSON: ${messageOf(error)}`, ['Example: --input \'{ "amount": 500 }\'']);
  }
}

/**
 * `kuflow process actions`. With `--json`: `{ available, invoked? }`; `available` as in the definition file, `invoked` only of the local KuFlow, as
 * its `GET /_dev/processes/{id}/actions` returns it.
 */
export async function runProcessActions(id: string, flags: SessionFlags, context: CommandContext): Promise<void> {
  await withKuFlow(flags, context, async (session) => {
    const { client, local } = session;
    const process = await client.retrieveProcess(await findProcessId(session, id, context));
    const actions =
      local === undefined
        ? { available: await definedActions(session, process) }
        : await readActions(local.devApi, process.id);
    if (flags.json === true) context.terminal.out.json(actions);
    else printActions(context.terminal, actions);
  });
}

async function definedActions(session: KuFlowSession, process: Process): Promise<readonly ActionDefinition[]> {
  const definition = await session.findDefinitionOf(process);
  if (definition !== undefined) return definition.actions ?? [];
  throw usageError(
    `The definition of ${formatProcessName(process)} is not in this folder, and KuFlow's API does not list actions`,
    ['Run the command in the folder of a project with the definition file of the process'],
  );
}

/** `kuflow process act`. With `--json`: `{ action }`, as KuFlow's API returns it. Exit status 1 if `--wait` sees it canceled or failed. */
export async function runProcessAct(
  id: string,
  code: string,
  flags: ProcessActFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  await withKuFlow(flags, context, async (session) => {
    const { client, local } = session;
    const process = await client.retrieveProcess(await findProcessId(session, id, context));
    const definition = await session.findDefinitionOf(process);
    const known = definition?.actions?.map((one) => one.code) ?? [];
    const action = definition?.actions?.find((one) => one.code === code);
    if (action === undefined && known.length > 0)
      throw usageError(`${formatProcessName(process)} has no action ${code}${didYouMean(code, known)}`, [
        `Available: ${known.join(', ')}`,
      ]);
    requireConfirmation(session, flags, `invoke ${code} in ${formatProcessName(process)}`);
    const params = await toParams(session, process, { code, action }, flags, context);
    const invokedAction = await client.createProcessAction(process.id, {
      processActionDefinitionCode: code,
      ...params,
    });
    if (flags.json !== true) {
      const sendsSignal = action?.type === 'send-workflow-signal' && invokedAction.status === 'COMPLETED';
      printInvokedAction(terminal, invokedAction, { sendsSignal });
      if (sendsSignal) await warnAboutUnpolledQueues(session, [toProcessSummary(process).code], context);
    }
    if (flags.wait !== true) {
      if (flags.json === true) terminal.out.json({ action: invokedAction });
      return;
    }
    if (invokedAction.status === 'REQUESTED' && local !== undefined) {
      const { invoked } = await readActions(local.devApi, process.id);
      const { workflow } = invoked.find((one) => one.action.id === invokedAction.id) ?? {};
      if (workflow?.pollers.length === 0)
        terminal.err.line(
          `Waiting: no worker is polling the task queue ${escapeForTerminal(workflow.taskQueue)} of the action`,
        );
    }
    const read = (): Promise<ProcessAction> => client.retrieveProcessAction(process.id, invokedAction.id);
    const ended =
      invokedAction.status === 'REQUESTED'
        ? await waitForEnd(session, read, ({ status }) => status !== 'REQUESTED', context.interruption())
        : invokedAction;
    if (flags.json === true) terminal.out.json({ action: ended });
    else if (invokedAction.status === 'REQUESTED') printInvokedAction(terminal, ended, { ended: true });
    if (ended.status !== 'COMPLETED') context.setStatus(1);
  });
}

type ActionParams = Omit<ProcessActionCreateParams, 'id' | 'processActionDefinitionCode'>;

/** The part of the request for the type of the action. Without its definition, the flags decide. */
async function toParams(
  session: KuFlowSession,
  process: Process,
  { code, action }: { readonly code: string; readonly action: ActionDefinition | undefined },
  flags: ProcessActFlags,
  context: CommandContext,
): Promise<ActionParams> {
  const type = action?.type ?? (flags.text === undefined ? 'send-workflow-signal' : 'create-process-item-message');
  const takes = {
    text: type === 'create-process-item-message',
    thread: type === 'create-process-item-message' || type === 'create-task',
    set:
      type === 'start-related-process' ||
      (type === 'send-workflow-signal' && (action === undefined || 'input' in action)),
  };
  for (const flag of ['text', 'thread', 'set'] as const)
    if (flags[flag] !== undefined && !takes[flag])
      throw usageError(`--${flag} is not for action ${code}, which is of type ${type}`);
  const thread = flags.thread === undefined ? {} : { processItemThreadId: flags.thread };
  const { client, caller } = session;
  const dataFor = async (
    where: string,
    shape: DataShape | undefined,
    allowInvalid: boolean,
  ): Promise<JsonObject | undefined> =>
    await prepareGivenData(
      { assignments: flags.set, allowInvalid, canAllowInvalid: false },
      { where, shape, existing: {}, access: { client, caller, processId: process.id } },
      { cwd: context.cwd, stdin: context.terminal.prompts.input },
    );
  switch (type) {
    case 'create-process-item-message':
      if (flags.text === undefined)
        throw usageError(`Action ${code} needs the text of the message: pass --text <text>`);
      return { createProcessItemMessage: { text: flags.text, ...thread } };
    case 'create-task':
      return flags.thread === undefined ? {} : { createTask: thread };
    case 'send-workflow-signal': {
      const shape = action?.type === 'send-workflow-signal' ? action.input : undefined;
      const input = await dataFor(`the input of ${code}`, shape, shape === undefined);
      return input === undefined ? {} : { sendWorkflowSignal: { input: { ...input } } };
    }
    case 'start-related-process': {
      const started =
        action?.type === 'start-related-process' ? await session.findDefinition(action.process) : undefined;
      // KuFlow starts a process even if its metadata is invalid. The schema only decides which values are text.
      const metadata = await dataFor(`the metadata of the process that ${code} starts`, started?.metadata, true);
      return metadata === undefined ? {} : { startRelatedProcess: { metadata: { ...metadata } } };
    }
    default:
      return {};
  }
}

/** `kuflow process cancel`. With `--json`: `{ process }`, afterward. */
export async function runProcessCancel(id: string, flags: ChangeFlags, context: CommandContext): Promise<void> {
  await withKuFlow(flags, context, async (session) => {
    const found = await session.client.retrieveProcess(await findProcessId(session, id, context));
    requireConfirmation(session, flags, `cancel ${formatProcessName(found)}`);
    const process = await session.client.cancelProcess(found.id);
    if (flags.json === true) context.terminal.out.json({ process });
    else context.terminal.err.line(`Canceled ${formatProcessName(process)}`);
  });
}
