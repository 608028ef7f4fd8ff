import { escapeForTerminal } from '../../base/escape.ts';
import type { Process, ProcessPageItem } from '../../kuflow/contract/processes.ts';
import type { TimelineEntry } from '../../platform/rest/dev-client.ts';
import { formatCheckedValue, formatTimeline } from '../../platform/session/view.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

export interface ProcessSummary {
  readonly id: string;
  readonly code: string;
  readonly state: string;
  readonly initiatorId?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
}

export function toProcessSummary(process: ProcessPageItem | Process): ProcessSummary {
  return {
    id: process.id,
    code: process.processDefinitionRef?.code ?? '',
    state: process.state,
    ...(process.initiatorId === undefined ? {} : { initiatorId: process.initiatorId }),
    ...(process.createdAt === undefined ? {} : { createdAt: process.createdAt }),
  };
}

export function printStartedProcess({ out, err }: Terminal, process: Process): void {
  err.line(`Started ${escapeForTerminal(toProcessSummary(process).code)}`);
  out.line(process.id);
}

export function printCanceledProcess({ err }: Terminal, process: Process): void {
  err.line(`Canceled ${escapeForTerminal(toProcessSummary(process).code)} (${process.id})`);
}

export function printProcesses({ out, err }: Terminal, processes: readonly ProcessSummary[]): void {
  if (processes.length === 0) {
    err.line('No processes');
    return;
  }
  const rows = processes.map(({ id, code, state, createdAt = '' }) => [code, state, id, createdAt]);
  for (const line of formatTable([['CODE', 'STATE', 'ID', 'CREATED'], ...rows])) out.line(line);
}

export function printProcess({ out }: Terminal, process: Process, timeline: readonly TimelineEntry[]): void {
  const { code, state, id, createdAt } = toProcessSummary(process);
  const rows = [
    ['Process', code],
    ['State', state],
    ['ID', id],
    ...(createdAt === undefined ? [] : [['Created', createdAt]]),
  ];
  for (const line of formatTable(rows)) out.line(line);
  if (process.metadata !== undefined)
    for (const line of formatCheckedValue('Metadata', process.metadata)) out.line(line);
  for (const line of formatTimeline(timeline)) out.line(line);
}
