import { escapeForTerminal } from '../../base/escape.ts';
import { withoutUndefined } from '../../base/json.ts';
import { limitNote } from '../../cli/process-and-task-options.ts';
import type { ProcessAction } from '../../kuflow/contract/process-actions.ts';
import type { ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import type { Process, ProcessPageItem } from '../../kuflow/contract/processes.ts';
import type { ActionsOfProcess, TimelineEntry } from '../../platform/shared/dev-contract.ts';
import { formatCheckedValue, formatTimeline } from '../../platform/session/event-view.ts';
import type { ActionDefinition } from '../../process/definition.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

export const toProcessSummary = ({
  id,
  processDefinitionRef,
  state,
  initiatorId,
  createdAt,
}: ProcessPageItem | Process) =>
  withoutUndefined({ id, code: processDefinitionRef?.code ?? '', state, initiatorId, createdAt });

/** Only tasks have a state. */
export const toItemSummary = ({ id, type, processItemDefinitionRef, task, ownerId, createdAt }: ProcessItemPageItem) =>
  withoutUndefined({ id, type, code: processItemDefinitionRef?.code ?? '', state: task?.state, ownerId, createdAt });

export interface ProcessHistory {
  /** The oldest first. */
  readonly items: readonly ReturnType<typeof toItemSummary>[];
  /** Only of the local KuFlow. */
  readonly timeline?: readonly TimelineEntry[];
}

/** `LOAN (<ID>)` */
export const formatProcessName = (process: Process): string =>
  `${escapeForTerminal(toProcessSummary(process).code)} (${process.id})`;

export function printStartedProcess({ out, err }: Terminal, process: Process): void {
  const invalid = process.metadata?.valid === false ? ' with metadata that does not match its schema' : '';
  err.line(`Started ${escapeForTerminal(toProcessSummary(process).code)}${invalid}`);
  out.line(process.id);
}

export function printActions(
  { out, err }: Terminal,
  { available, invoked = [] }: { readonly available: readonly ActionDefinition[] } & Partial<ActionsOfProcess>,
): void {
  if (available.length + invoked.length === 0) {
    err.line('No actions');
    return;
  }
  const rows = available.map(({ code, type, name = '' }) => [code, type, name]);
  for (const line of formatTable([['CODE', 'TYPE', 'NAME'], ...rows])) out.line(line);
  if (invoked.length === 0) return;
  out.line('');
  const invokedRows = invoked.map(({ action, workflow, message = '' }) => [
    action.processActionDefinitionRef.code,
    action.status,
    action.id,
    workflow === undefined
      ? ''
      : `${workflow.taskQueue}${action.status === 'REQUESTED' && workflow.pollers.length === 0 ? ' (no worker is polling it)' : ''}`,
    message,
  ]);
  for (const line of formatTable([['INVOKED', 'STATUS', 'ID', 'TASK QUEUE', 'MESSAGE'], ...invokedRows]))
    out.line(line);
}

/**
 * Printed after the invocation and, if the action was not in a final state, again when it has ended. An action that sends a signal is complete
 * once the signal is sent, even if no workflow has handled it.
 */
export function printInvokedAction(
  { out, err }: Terminal,
  action: ProcessAction,
  { ended = false, sendsSignal = false } = {},
): void {
  const { id, status, processActionDefinitionRef, downloadable } = action;
  const created =
    action.createTask?.processItemId ??
    action.createProcessItemMessage?.processItemId ??
    action.createProcessItemThread?.processItemId;
  if (ended) err.line(`The action is ${status}`);
  else {
    const outcome = sendsSignal ? 'the signal was sent' : `the action is ${status}`;
    err.line(`Invoked ${escapeForTerminal(processActionDefinitionRef.code)}: ${outcome}`);
    if (created !== undefined) err.line(`Created process item ${created}`);
    if (action.startRelatedProcess !== undefined) err.line(`Started process ${action.startRelatedProcess.processId}`);
    out.line(id);
  }
  if (downloadable?.documentUri !== undefined)
    err.line(`Document: ${escapeForTerminal(downloadable.documentUri, 500)}`);
}

/** `total`: how many there are, including those that the list leaves out. */
export function printProcesses(
  { out, err }: Terminal,
  processes: readonly ReturnType<typeof toProcessSummary>[],
  total: number,
): void {
  if (processes.length === 0) {
    err.line('No processes');
    return;
  }
  const rows = processes.map(({ id, code, state, createdAt = '' }) => [code, state, id, createdAt]);
  for (const line of formatTable([['CODE', 'STATE', 'ID', 'CREATED'], ...rows])) out.line(line);
  const note = limitNote(processes.length, total);
  if (note !== undefined) err.line(note);
}

export function printProcess({ out }: Terminal, process: Process, { items, timeline }: ProcessHistory): void {
  printProcessHeader(out, process);
  const lines =
    timeline === undefined
      ? formatTable([
          ['CODE', 'TYPE', 'STATE', 'ID', 'CREATED'],
          ...items.map(({ code, type, state = '', id, createdAt = '' }) => [code, type, state, id, createdAt]),
        ])
      : formatTimeline(timeline);
  for (const line of lines) out.line(line);
}

/** Prints a process when it is first called, then only what is new. */
export function processPrinter({ out }: Terminal): (process: Process, history: ProcessHistory) => void {
  let isFirst = true;
  const printed = new Set<string>();
  return (process, { items, timeline }) => {
    if (isFirst) printProcessHeader(out, process);
    isFirst = false;
    const lines =
      timeline === undefined
        ? items.map((item) => [item.code, item.state ?? item.type, `(${item.id})`].join(' '))
        : formatTimeline(timeline);
    lines.forEach((line, at) => {
      // Two lines of a timeline can be equal.
      const key = timeline === undefined ? line : `${at} ${line}`;
      if (!printed.has(key)) out.line(escapeForTerminal(line, 500));
      printed.add(key);
    });
  };
}

function printProcessHeader(out: Terminal['out'], process: Process): void {
  const { code, state, id, createdAt } = toProcessSummary(process);
  const rows = [
    ['Process', code],
    ['State', state],
    ['ID', id],
    ['Created', createdAt],
  ];
  for (const line of formatTable(rows)) out.line(line);
  if (process.metadata !== undefined)
    for (const line of formatCheckedValue('Metadata', process.metadata)) out.line(line);
}
