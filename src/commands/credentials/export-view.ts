import { escapeForTerminal } from '../../base/escape.ts';
import { shortPath } from '../../files/relative-path.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import type { ExportEvent, ExportResult } from './formats/export-set.ts';

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/**
 * Prints what an export does while it runs: the keys that will change, before anything is written, and never a value.
 */
export function exportReporter(err: Channel): (event: ExportEvent) => void {
  return (event) => {
    const path = escapeForTerminal(shortPath(event.path), 1000);
    if (event.kind === 'waiting') {
      const pid = event.pid === undefined ? '' : ` (process ${event.pid})`;
      err.line(`Waiting for another run${pid} that is writing credentials to the folder of ${path}`);
      return;
    }
    if (event.kind === 'completed') {
      err.line(`Completed an earlier run that was interrupted while it wrote the files in ${path}`);
      return;
    }
    err.line(`${path}:`);
    for (const { kind, key } of event.changes) err.line(`  ${SIGNS[kind]} ${escapeForTerminal(key)}`);
    if (event.changes.length === 0) err.line('  only its permissions change');
  };
}

/** Prints the result of an export: the text itself on stdout with `--output -`, otherwise its path. */
export function printExport(terminal: Terminal, result: ExportResult): void {
  const { out, err } = terminal;
  for (const note of result.notes) err.line(`Note: ${escapeForTerminal(note, 1000)}`);
  if (result.kind === 'printed') {
    out.write(result.text.reveal());
    return;
  }
  const path = escapeForTerminal(shortPath(result.path), 1000);
  const titles = { written: 'Wrote', unchanged: 'Already up to date:', 'would-write': 'Dry run: would write' };
  out.line(`${titles[result.kind]} ${path}`);
}

/** The key `export` in `--json`: names of keys, no values. */
export function exportAsData(result: ExportResult): object {
  const { kind, notes } = result;
  return kind === 'printed'
    ? { result: kind, notes }
    : { result: kind, path: result.path, changes: result.changes, notes };
}
