import { join, sep } from 'node:path';
import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { LOCAL_SETTINGS_FILE } from '../../settings/keys.ts';
import { palette } from '../../terminal/palette.ts';
import { shortPath } from '../../files/relative-path.ts';
import { formatTable, printTable, type TableRow } from '../../terminal/table.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import type { ExportEvent, ExportResult } from './formats/export-set.ts';
import { setFilePaths, type SetRecord } from './store/sets.ts';
import type { pruneSets } from './store/prune.ts';
import type { PullResult } from './store/install-set.ts';
import { WHERE_CREDENTIALS_ARE } from '../../connection/resolve-connection.ts';
import type { CredentialsStatus, ForeignStatus, SetStatus, StoreStatus } from './status.ts';

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
  const { because, keys, warnings } = result;
  return {
    result: result.kind,
    because,
    ...(result.kind !== 'would-pull' && { set: setAsData(result) }),
    settings: { file: join(cwd, LOCAL_SETTINGS_FILE), keys },
    ...(result.kind === 'pulled' && { engine: result.proof ?? null, kept: result.kept }),
    warnings,
  };
}

const setAsData = ({ record, store }: Exclude<PullResult, { kind: 'would-pull' }>): object => {
  return { ...record, folder: join(store, record.id), files: setFilePaths({ store }, record.id) };
};

export function printPrune(terminal: Terminal, result: Awaited<ReturnType<typeof pruneSets>>, dryRun: boolean): void {
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

/** Prints the settings with their sources, the certificate, and all problems to stdout. */
export function printStatus(
  terminal: Terminal,
  status: CredentialsStatus,
  { cwd, invocation, now }: { readonly cwd: string; readonly invocation: string; readonly now: number },
): void {
  const { out } = terminal;
  const { dim, red, yellow, green } = palette(out);
  const rows = status.settings.map(({ key, value, source, shadows }) => [
    key,
    value.startsWith(join(cwd, sep)) ? shortPath(value) : value,
    source,
    shadows.length === 0 ? '' : `shadows ${shadows.join(', ')}`,
  ]);
  printTable(out, [['SETTING', 'VALUE', 'FROM', ''], ...rows]);
  out.line();
  const lacksCredentials = status.problems.some((problem) => problem.startsWith('kuflow.api.client-'));
  const isAboutCertificate = (problem: string): boolean =>
    status.store.kind === 'unusable' && problem.startsWith('temporal.mutual-tls');
  printStore(terminal, status.store, { invocation, now, lacksCredentials }, status.problems.filter(isAboutCertificate));
  for (const problem of status.problems.filter((other) => !isAboutCertificate(other)))
    out.line(red(`${out.marks.failed} ${escapeForTerminal(problem, 1000)}`));
  if (lacksCredentials) {
    out.line(`  ${dim(out.marks.step)} ${WHERE_CREDENTIALS_ARE}`);
    out.line(`  ${dim(out.marks.step)} Store the credentials once: ${invocation} login`);
  }
  for (const warning of status.warnings) out.line(yellow(`${out.marks.warning} ${escapeForTerminal(warning, 1000)}`));
  if (status.online === undefined) return;
  out.line();
  for (const { state, title, summary, skipped } of status.online.results) {
    if (skipped === 'not-applicable') continue;
    const paint = state === 'pass' ? green : state === 'skip' ? dim : state === 'warn' ? yellow : red;
    out.line(paint(`${state.padEnd(7)} ${title}: ${escapeForTerminal(summary, 1000)}`));
  }
  for (const step of status.online.next) out.line(`  ${escapeForTerminal(step, Infinity)}`);
}

function printStore(
  { out }: Terminal,
  store: StoreStatus,
  {
    invocation,
    now,
    lacksCredentials,
  }: { readonly invocation: string; readonly now: number; readonly lacksCredentials: boolean },
  problems: readonly string[],
): void {
  const { dim, green, red, yellow } = palette(out);
  const printStale = (stale: SetStatus['stale'], usable: string): void => {
    if (stale.length === 0) out.line(green(`${out.marks.done} ${usable}`));
    for (const { reason, text } of stale) {
      const [paint, sign] = reason === 'renewal-due' ? [yellow, out.marks.warning] : [red, out.marks.failed];
      out.line(paint(`${sign} ${escapeForTerminal(text, 1000)}`));
    }
  };
  switch (store.kind) {
    case 'none':
      out.line('No certificate is configured, so a worker requests one from KuFlow each time it starts.');
      if (!lacksCredentials) out.line(dim(`To store one in this project: ${invocation} credentials pull`));
      break;
    case 'unusable':
      out.line(red(`${out.marks.failed} A worker cannot use the certificate in the settings:`));
      for (const problem of problems) out.line(red(`  ${escapeForTerminal(problem, 1000)}`));
      break;
    case 'inline':
    case 'other':
      for (const line of formatTable(foreignRows(store, now))) out.line(line);
      printStale(store.stale, 'The certificate was not pulled here, and is valid');
      break;
    case 'set':
      for (const line of formatTable(statusRows(store.set, now))) out.line(line);
      printStale(store.set.stale, 'The files are unchanged since they were pulled, and are valid');
  }
  if (store.shadows !== undefined)
    out.line(`It overrides the set that application-local.yaml points to: ${shortPath(store.shadows.folder)}`);
  if (store.others.length > 0) out.line(dim(`Other sets here: ${store.others.join(', ')}`));
}

function foreignRows(
  { kind, source, certificate, renewBefore }: ForeignStatus & { kind: string },
  now: number,
): readonly TableRow[] {
  return [
    ['certificate', `${kind === 'inline' ? 'inline in' : 'files from'} ${escapeForTerminal(source)}`],
    ...certificateRows(certificate, now),
    ['renew before', renewBefore],
  ];
}

function certificateRows(certificate: SetStatus['certificate'], now: number): readonly TableRow[] {
  return [
    ['subject', certificate?.subject],
    ['issuer', certificate?.issuer],
    ['serial', certificate?.serial],
    ['fingerprint', certificate?.fingerprint],
    ['valid until', certificate && `${certificate.notAfter} (${remaining(Date.parse(certificate.notAfter) - now)})`],
  ];
}

function statusRows(set: SetStatus, now: number): readonly TableRow[] {
  const proven = set.provenByEngine === true ? 'accepted it before it was written' : 'was not tested';
  return [
    ['set', shortPath(set.folder)],
    ['pulled', set.pulledAt],
    ['namespace', set.namespace],
    ...certificateRows(set.certificate, now),
    ['renew before', set.renewBefore],
    ['token expires', set.token?.expiresAt],
    ['engine', set.provenByEngine === undefined ? undefined : proven],
    ['previous set', set.previous],
  ];
}

/** `--json` of `status`; no secret in it. */
export function statusAsData({ status, online, ...rest }: CredentialsStatus, cwd: string): object {
  return {
    status,
    folder: cwd,
    ...rest,
    ...(online && {
      online: {
        status: online.status,
        created: online.created,
        results: online.results.map(({ id, title, state, summary, skipped }) => {
          return { id, title, state, summary, skipped };
        }),
        next: online.next,
      },
    }),
  };
}

const DAY = 86_400_000;

function remaining(ms: number): string {
  if (ms <= 0) return 'expired';
  return ms > 2 * DAY ? `${Math.floor(ms / DAY)} days left` : `${Math.floor(ms / 60_000)} minutes left`;
}
