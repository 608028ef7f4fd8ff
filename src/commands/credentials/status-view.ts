import { join, sep } from 'node:path';
import { escapeForTerminal } from '../../base/escape.ts';
import { WHERE_CREDENTIALS_ARE } from '../../connection/require.ts';
import type { CredentialsStatus, ForeignStatus, SetStatus, StoreStatus } from './status.ts';
import { palette } from '../../terminal/palette.ts';
import { shortPath } from '../../files/relative-path.ts';
import { formatTable, printTable, type TableRow } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

const DAY = 86_400_000;

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
      for (const line of formatTable(setRows(store.set, now))) out.line(line);
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

function setRows(set: SetStatus, now: number): readonly TableRow[] {
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
export function statusAsData(status: CredentialsStatus, cwd: string): object {
  const { store, online } = status;
  return {
    status: status.status,
    folder: cwd,
    settings: status.settings,
    problems: status.problems,
    warnings: status.warnings,
    store,
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

function remaining(ms: number): string {
  if (ms <= 0) return 'expired';
  return ms > 2 * DAY ? `${Math.floor(ms / DAY)} days left` : `${Math.floor(ms / 60_000)} minutes left`;
}
