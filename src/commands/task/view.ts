import { escapeForTerminal } from '../../base/escape.ts';
import { withoutUndefined } from '../../base/json.ts';
import { limitNote } from '../../cli/process-and-task-options.ts';
import type { ProcessItem, ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import { formatValueErrors } from '../../platform/client/given-data.ts';
import { formatCheckedValue } from '../../platform/session/event-view.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

const LOG_LINE_LIMIT = 2000;

export type TaskSummary = ReturnType<typeof toTaskSummary>;

export const toTaskSummary = (item: ProcessItemPageItem | ProcessItem) => {
  const { id, processItemDefinitionRef, task, processId, ownerId, createdAt } = item;
  const code = processItemDefinitionRef?.code ?? '';
  return withoutUndefined({ id, code, state: task?.state ?? '', processId, ownerId, createdAt });
};

/** `total`: how many there are, including those that the list leaves out. */
export function printTasks(terminal: Terminal, tasks: readonly TaskSummary[], total: number): void {
  const rows = tasks.map(({ id, code, state, processId, createdAt = '' }) => [code, state, id, processId, createdAt]);
  for (const line of formatTable([['CODE', 'STATE', 'ID', 'PROCESS', 'CREATED'], ...rows])) terminal.out.line(line);
  const note = limitNote(tasks.length, total);
  if (note !== undefined) terminal.err.line(note);
}

export function printTask(terminal: Terminal, item: ProcessItem): void {
  const { code, state, id, processId, ownerId, createdAt } = toTaskSummary(item);
  const rows = [
    ['Task', code],
    ['State', state],
    ['ID', id],
    ['Process', processId],
    ['Owner', ownerId],
    ['Created', createdAt],
  ];
  for (const line of formatTable(rows)) terminal.out.line(line);
  for (const [title, data] of [
    ['Context data', item.task?.contextData],
    ['Data', item.task?.data],
  ] as const) {
    if (data !== undefined) for (const line of formatCheckedValue(title, data)) terminal.out.line(line);
  }
  const log = (item.task?.logs ?? []).toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  if (log.length > 0) terminal.out.line('Log:');
  const lines = log.flatMap(({ timestamp, level, message }) =>
    message.split(/\r?\n/).map((line, at) => (at === 0 ? [timestamp, level, line] : ['', '', line])),
  );
  for (const line of formatTable(lines, '  ', LOG_LINE_LIMIT)) terminal.out.line(line);
}

export type TaskChange = 'Claimed' | 'Released' | 'Assigned' | 'Saved' | 'Completed';

/** `REVIEW (<ID>)` */
export const formatTaskName = (item: ProcessItem): string =>
  `${escapeForTerminal(toTaskSummary(item).code)} (${item.id})`;

export function printTaskChange(terminal: Terminal, change: TaskChange, item: ProcessItem): void {
  const { valid = true, errors = [] } = item.task?.data ?? {};
  const invalid = {
    Claimed: '',
    Released: '',
    Assigned: '',
    Saved: `. The data does not match its schema yet: ${formatValueErrors(errors)}`,
    Completed: ' with data that does not match its schema',
  }[change];
  terminal.err.line(`${change} ${formatTaskName(item)}${valid ? '' : invalid}`);
}
