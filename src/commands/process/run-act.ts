import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { JsonObject } from '../../base/json.ts';
import { didYouMean } from '../../base/near-match.ts';
import { requireConfirmation } from '../../cli/confirm-change.ts';
import type { CommandContext } from '../../cli/context.ts';
import { findProcessId, withKuFlow } from '../../cli/with-kuflow.ts';
import { warnAboutUnpolledQueues } from '../../cli/workers-view.ts';
import type { ChangeFlags, SessionFlags } from '../../cli/process-and-task-options.ts';
import type { ProcessAction, ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import { prepareGivenData } from '../../platform/client/given-data.ts';
import type { KuFlowSession } from '../../platform/client/kuflow-session.ts';
import { readActions } from '../../platform/rest/dev-client.ts';
import type { ActionDefinition, DataShape } from '../../process/definition.ts';
import { formatProcessName, printActions, printInvokedAction, toProcessSummary } from './view.ts';
import { waitForEnd } from './wait.ts';

export interface ProcessActFlags extends ChangeFlags {
  readonly set?: readonly string[];
  readonly text?: string;
  readonly thread?: string;
  readonly wait?: boolean;
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
