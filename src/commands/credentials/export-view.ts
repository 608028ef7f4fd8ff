import { escapeForTerminal } from '../../base/escape.ts';
import type { ExportEvent, ExportResult } from './formats/export-set.ts';
import { shortPath } from '../../terminal/short-path.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/** What an export says while it runs: the names of the keys before anything is written, never a value. */
export function exportReporter(err: Channel): (event: ExportEvent) => void {
  return (event) => {
    const path = escapeForTerminal(shortPath(event.path), 1000);
    if (event.kind === 'waiting') {
      const pid = event.pid === undefined ? '' : ` (process ${event.pid})`;
      err.line(`Another run${pid} is writing credentials beside ${path}: waiting for it.`);
      return;
    }
    if (event.kind === 'completed') {
      err.line(`An earlier run was ended between the files of ${path}: what it had begun is completed.`);
      return;
    }
    err.line(`${path}:`);
    for (const { kind, key } of event.changes) err.line(`  ${SIGNS[kind]} ${escapeForTerminal(key)}`);
    if (event.changes.length === 0) err.line('  nothing but who may read it');
  };
}

/** The end of an export: the text itself on stdout when that was asked for, else where it is. */
export function printExport(terminal: Terminal, result: ExportResult): void {
  const { out, err } = terminal;
  for (const note of result.notes) err.line(`Note: ${escapeForTerminal(note, 1000)}`);
  if (result.kind === 'printed') {
    out.write(result.text.reveal());
    return;
  }
  const path = escapeForTerminal(shortPath(result.path), 1000);
  const what = { written: 'Written', unchanged: 'Nothing to change', 'would-write': 'Dry run: would be written' };
  out.line(`${what[result.kind]}: ${path}`);
}

/** `export` of `--json`: names of keys, no values. */
export function exportAsData(result: ExportResult): object {
  const { kind, notes } = result;
  return kind === 'printed'
    ? { result: kind, notes }
    : { result: kind, path: result.path, changes: result.changes, notes };
}
