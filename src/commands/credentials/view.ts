import { join } from 'node:path';
import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { LOCAL_SETTINGS_FILE } from '../../settings/keys.ts';
import { palette } from '../../terminal/palette.ts';
import { shortPath } from '../../files/relative-path.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import type { ExportEvent, ExportResult } from './formats/export-set.ts';
import { setFilePaths } from './store/layout.ts';
import type { PruneResult } from './store/prune.ts';
import type { PullResult } from './store/install-set.ts';
import type { SetRecord } from './store/sets.ts';

/** Prints the result of a pull; the credentials in use go to stdout. */
export function printPull(
  terminal: Terminal,
  result: PullResult,
  { cwd, invocation }: { readonly cwd: string; readonly invocation: string },
): void {
  const { bold, dim } = palette(terminal.out);
  for (const warning of result.warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  if (result.kind === 'would-pull') {
    terminal.out.line(bold('Dry run: would request an engine certificate'));
    for (const { text } of result.because) terminal.out.line(`  reason: ${escapeForTerminal(text)}`);
    terminal.out.line(`  settings to write to ${LOCAL_SETTINGS_FILE}: ${result.keys.join(', ')}`);
    return;
  }
  const { record } = result;
  terminal.out.line(
    bold(
      result.kind === 'unchanged'
        ? 'The current engine certificate is usable; nothing was requested or changed'
        : 'A new engine certificate is in use',
    ),
  );
  for (const line of formatTable(setRows(record, shortPath(join(result.store, record.id))), '  '))
    terminal.out.line(line);
  if (result.kind === 'unchanged') return;
  const engine = result.proof ?? 'was not tested (--offline)';
  for (const line of formatTable([['engine', engine]], '  ')) terminal.out.line(line);
  if (result.keys.length > 0) terminal.out.line(`  set in ${LOCAL_SETTINGS_FILE}: ${result.keys.join(', ')}`);
  if (record.token !== undefined)
    terminal.err.line(`The stored engine token expires at ${record.token.expiresAt}; a worker gets its own tokens.`);
  if (result.kept.length > 0)
    terminal.err.line(
      dim(`Kept ${countOf(result.kept.length, 'older set')}. To remove unused sets: ${invocation} credentials prune`),
    );
  if (shortPath(cwd) !== '.' && shortPath(cwd) !== cwd) terminal.err.line(dim(`In ${shortPath(cwd)}`));
}

function setRows(record: SetRecord, folder: string): readonly (readonly string[])[] {
  return [
    ['set', folder],
    ['namespace', record.namespace],
    ['certificate', `${record.certificate.subject}, serial ${record.certificate.serial}`],
    ['valid until', record.certificate.notAfter],
    ['renew before', record.renewBefore],
    ['endpoint', record.endpoint],
    ['application', record.principal],
  ];
}

/** `--json` of `pull` and `rotate`, without secrets. */
export function pullAsData(result: PullResult, cwd: string): object {
  const settings = (keys: readonly string[]): object => ({ file: join(cwd, LOCAL_SETTINGS_FILE), keys });
  if (result.kind === 'would-pull') {
    const { because, keys, warnings } = result;
    return { result: result.kind, because, settings: settings(keys), warnings };
  }
  const { record, store, warnings } = result;
  const set = { ...record, folder: join(store, record.id), files: setFilePaths({ store }, record.id) };
  if (result.kind === 'unchanged') return { result: result.kind, because: [], set, settings: settings([]), warnings };
  return {
    result: result.kind,
    because: result.because,
    set,
    settings: settings(result.keys),
    engine: result.proof ?? null,
    kept: result.kept,
    warnings,
  };
}

export function printPrune(terminal: Terminal, result: PruneResult, dryRun: boolean): void {
  const { out } = terminal;
  const verb = dryRun ? 'would be removed' : 'removed';
  for (const id of result.removed) out.line(`${id}  ${verb}`);
  for (const { id, because } of result.kept) out.line(`${id}  kept: ${escapeForTerminal(because)}`);
  if (result.removed.length + result.kept.length === 0) out.line('This project has no stored credentials');
  else if (result.removed.length === 0) out.line('There is nothing to remove');
}

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/** Prints what an export does: before anything is written, the keys that will change, and never a value. */
export function exportReporter(err: Channel): (event: ExportEvent) => void {
  return (event) => {
    const path = escapeForTerminal(shortPath(event.path), 1000);
    if (event.kind === 'waiting') {
      const pid = event.pid === undefined ? '' : ` (process ${event.pid})`;
      err.line(`Waiting for another run${pid} that is writing credentials to the folder of ${path}`);
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
