import { join } from 'node:path';
import { escapeForTerminal } from '../../base/escape.ts';
import { LOCAL_SETTINGS_FILE } from '../../settings/keys.ts';
import type { PullEvent, PullResult } from './store/pull-set.ts';
import type { SetRecord } from './store/set-record.ts';
import type { PruneResult } from './store/prune.ts';
import { palette } from '../../terminal/palette.ts';
import type { Progress } from '../../terminal/progress.ts';
import { shortPath } from '../../terminal/short-path.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Follows a pull on a progress line. */
export function pullReporter(progress: Progress): (event: PullEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'waiting':
        progress.begin(`Wait for another run${event.pid === undefined ? '' : ` (process ${event.pid})`}`);
        break;
      case 'requesting':
        progress.begin(`Ask KuFlow for an ${event.what}`);
        break;
      case 'proving':
        progress.begin(`Show the certificate to the engine at ${event.target}`);
        break;
      case 'writing':
        progress.begin(`Write the set ${event.id}`);
    }
  };
}

/** The result of a pull: on stdout what is in use now. */
export function printPull(
  terminal: Terminal,
  result: PullResult,
  { cwd, invocation }: { readonly cwd: string; readonly invocation: string },
): void {
  const { bold, dim } = palette(terminal.out);
  for (const warning of result.warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  if (result.kind === 'would-pull') {
    terminal.out.line(bold('Dry run: KuFlow would be asked for an engine certificate; nothing was asked or written'));
    for (const { text } of result.because) terminal.out.line(`  because ${escapeForTerminal(text)}`);
    terminal.out.line(`  application-local.yaml would get ${result.keys.join(', ')}`);
    return;
  }
  const { record } = result;
  terminal.out.line(
    bold(
      result.kind === 'unchanged'
        ? 'The engine certificate here is usable: nothing was asked for, nothing changed'
        : 'A new engine certificate is in use',
    ),
  );
  for (const line of formatTable(rowsOf(record, shortPath(join(result.store, record.id))), '  '))
    terminal.out.line(line);
  if (result.kind === 'unchanged') return;
  const engine = result.proof?.summary ?? 'was not asked (--offline)';
  for (const line of formatTable([['engine', engine]], '  ')) terminal.out.line(line);
  if (result.keys.length > 0) terminal.out.line(`  set in application-local.yaml: ${result.keys.join(', ')}`);
  if (record.tokenExpiresAt !== undefined)
    terminal.err.line(`The engine token beside it ends at ${iso(record.tokenExpiresAt)}; a worker asks for its own.`);
  if (result.kept.length > 0)
    terminal.err.line(
      dim(
        `${count(result.kept.length, 'older set')} kept; ${invocation} credentials prune removes what nothing points to.`,
      ),
    );
  if (shortPath(cwd) !== '.' && shortPath(cwd) !== cwd) terminal.err.line(dim(`In ${shortPath(cwd)}`));
}

function rowsOf(record: SetRecord, folder: string): readonly (readonly string[])[] {
  return [
    ['set', folder],
    ['namespace', record.namespace],
    ['certificate', `${record.certificate.subject}, serial ${record.certificate.serial}`],
    ['valid until', iso(record.certificate.notAfter)],
    ['renew before', iso(record.renewBefore)],
    ['endpoint', record.endpoint],
    ['application', record.principal],
  ];
}

/** `--json` of `pull` and `rotate`; no secret in it. */
export function pullAsData(result: PullResult, cwd: string): object {
  const settings = (keys: readonly string[]): object => ({ file: join(cwd, LOCAL_SETTINGS_FILE), keys });
  if (result.kind === 'would-pull') {
    const { because, keys, warnings } = result;
    return { result: result.kind, because, settings: settings(keys), warnings };
  }
  const { record, store, warnings } = result;
  const set = setAsData(record, join(store, record.id));
  if (result.kind === 'unchanged') return { result: result.kind, because: [], set, settings: settings([]), warnings };
  return {
    result: result.kind,
    because: result.because,
    set,
    settings: settings(result.keys),
    engine: result.proof === undefined ? null : result.proof.summary,
    kept: result.kept,
    warnings,
  };
}

function setAsData(record: SetRecord, folder: string): object {
  const { certificate, renewBefore, tokenExpiresAt, pulledAt, authorities, ...rest } = record;
  return {
    ...rest,
    folder,
    files: { cert: join(folder, 'client.pem'), key: join(folder, 'client.key'), ca: join(folder, 'ca.pem') },
    pulledAt: iso(pulledAt),
    certificate: dated(certificate),
    authorities: authorities.map(dated),
    renewBefore: iso(renewBefore),
    ...(tokenExpiresAt !== undefined && { token: { expiresAt: iso(tokenExpiresAt) } }),
  };
}

function dated(certificate: SetRecord['certificate']): object {
  return { ...certificate, notBefore: iso(certificate.notBefore), notAfter: iso(certificate.notAfter) };
}

export function printPrune(terminal: Terminal, result: PruneResult, dryRun: boolean): void {
  const { out } = terminal;
  const verb = dryRun ? 'would be removed' : 'removed';
  for (const id of result.removed) out.line(`${id}  ${verb}`);
  for (const { id, because } of result.kept) out.line(`${id}  kept: ${escapeForTerminal(because)}`);
  if (result.removed.length + result.kept.length === 0) out.line('There is no set of credentials here.');
  else if (result.removed.length === 0) out.line('There is nothing to remove.');
}

/** `--json` of `prune`. */
export function pruneAsData({ removed, kept }: PruneResult, dryRun: boolean): object {
  return { removed, kept, dryRun };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
