import { systemClock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { CredentialContext } from './client.ts';
import { execWithCredentials, requestEngineToken } from './exec.ts';
import { pullAndExport, type ExportFlags } from './export.ts';
import { rotateCredentials } from './pull.ts';
import { credentialsStatus, pruneCredentials } from './status.ts';
import { exportAsData, exportReporter, printExport } from './export-view.ts';
import { pullReporter, printPull, printPrune, pullAsData, pruneAsData } from './view.ts';
import { printStatus, statusAsData } from './status-view.ts';
import { printError } from '../../terminal/print-error.ts';
import { openProgress } from '../../terminal/progress.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';

const NOT_RUN = 125;

function world(context: CommandContext): CredentialContext {
  const { env, cwd, terminal } = context;
  return { env, cwd, stdin: terminal.prompts.input, clock: systemClock, signal: context.interruption() };
}

/**
 * `kuflow credentials pull`. With `--json`: `{ result: unchanged|would-pull|pulled, because: [{ reason, text }], set?, settings: { file, keys },
 * engine?, kept?, warnings, export? }`, `set` without secrets: `{ id, folder, namespace, endpoint, principal, certificate, renewBefore, … }`.
 */
export async function runPull(flags: PullExportFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  try {
    const { format, output, paths, temporalProfile, secretName, allowGit } = flags;
    const given = { format, output, paths, temporalProfile, secretName, allowGit };
    if (output === '-' && flags.json === true)
      throw usageError('--output - and --json both want standard output', ['Give one of them']);
    const { pulled: result, exported } = await pullAndExport({
      ...world(context),
      exported: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      onPulled: ({ kind }) => {
        if (kind === 'pulled') progress.end('done');
        progress.stop();
      },
      onExport: exportReporter(terminal.err),
      flags,
      force: flags.force === true,
      offline: flags.offline === true,
      withToken: flags.withToken === true,
      dryRun: flags.dryRun === true,
      report: pullReporter(progress),
    });
    if (flags.json === true) {
      const data = exported === undefined ? {} : { export: exportAsData(exported) };
      printJson(context, { ...pullAsData(result, context.cwd), ...data });
      return;
    }
    // Standard output holds the credentials alone, when they are what was asked for.
    printPull(output === '-' ? { ...terminal, out: terminal.err } : terminal, result, context);
    if (exported !== undefined) printExport(terminal, exported);
  } finally {
    progress.stop();
  }
}

/**
 * `kuflow credentials rotate`. With `--json` as `pull`, and `exec: { status }`. Exits 1 when the command after the switch failed, 130 when it was
 * interrupted.
 */
export async function runRotate(flags: RotateFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  const given = world(context);
  try {
    const { pulled, execStatus } = await rotateCredentials({
      ...given,
      flags,
      report: pullReporter(progress),
      // Before the command, which writes to the same terminal and may take as long as it likes.
      onSwitched: (switched) => {
        progress.end('done');
        progress.stop();
        if (flags.json !== true) printPull(terminal, switched, context);
        terminal.err.line(
          'Running workers that look at their files take the new set over within 30 seconds; those that do not keep the old one until they are started again.',
        );
      },
      ...(flags.exec !== undefined && { exec: flags.exec }),
    });
    const exec = execStatus === undefined ? {} : { exec: { status: execStatus } };
    if (flags.json === true) printJson(context, { ...pullAsData(pulled, context.cwd), ...exec });
    if (flags.exec !== undefined && execStatus === undefined)
      terminal.err.line('The command after the switch was not run; the switch stands.');
    if (execStatus !== undefined && execStatus !== 0) {
      const how = given.signal.aborted ? 'was interrupted' : `ended with ${execStatus}`;
      terminal.err.line(`The command after the switch ${how}; the switch stands.`);
      context.setStatus(1);
    }
  } finally {
    progress.stop();
  }
}

/**
 * `kuflow credentials status`. With `--json`: `{ status, settings: [{ key, value, source, shadows }], problems, warnings, store, online? }`,
 * `store` the certificate in use by whatever gives it.
 * Exit status 0 fine, 1 something does not do, 3 a warning with `--fail-on warn`, 4 the engine could not be asked.
 */
export async function runStatus(flags: StatusFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  if (flags.online === true)
    terminal.err.line(
      'Asking KuFlow creates an authentication there: an engine token, and a certificate where the settings give none.',
    );
  const status = await credentialsStatus({
    ...world(context),
    flags,
    online: flags.online === true,
    failOnWarn: flags.failOn === 'warn',
    report: () => undefined,
  });
  if (flags.json === true) printJson(context, statusAsData(status, context.cwd));
  else printStatus(terminal, status, { ...context, now: systemClock.now() });
  context.setStatus(status.status);
}

/** `kuflow credentials prune`. With `--json`: `{ removed: [id], kept: [{ id, because }], dryRun }`. */
export async function runPrune(flags: PruneFlags, context: CommandContext): Promise<void> {
  const dryRun = flags.dryRun === true;
  const result = await pruneCredentials({ ...world(context), dryRun });
  if (flags.json === true) printJson(context, pruneAsData(result, dryRun));
  else printPrune(context.terminal, result, dryRun);
}

/** `kuflow credentials token`: the token alone on a line, or with `--json` `{ token, expiresAt }`. Status 2 on a terminal without `--show`. */
export async function runToken(flags: TokenFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  if (terminal.out.isTTY && flags.show !== true) {
    throw usageError('Standard output is a terminal, where the token would be seen', [
      'Pipe it, or give --show to print it all the same',
    ]);
  }
  const { token, warnings } = await requestEngineToken({ ...world(context), flags });
  for (const warning of warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  const value = token.value.reveal();
  if (flags.json === true) printJson(context, { token: value, expiresAt: new Date(token.expiresAt).toISOString() });
  else terminal.out.line(value);
}

/** `kuflow credentials exec -- CMD`: CMD's own status; 125 without credentials, 126 and 127 as a shell has them. */
export async function runCredentialsExec(
  words: readonly string[],
  flags: CredentialsFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const [program, ...rest] = words;
  if (program === undefined)
    throw usageError('A command is expected after --', [`${context.invocation} credentials exec -- npm start`]);
  const given = world(context);
  const failed = (error: unknown, status: 125 | 126 | 127): void => {
    printError(terminal, error, { debug: flags.debug === true, json: false, status });
    context.setStatus(status, true);
  };
  try {
    const result = await execWithCredentials({
      ...given,
      flags,
      command: [program, ...rest],
      passSignals: (listener) => context.passSignals(listener),
      onWarning: (text) => terminal.err.line(`Warning: ${escapeForTerminal(text, 1000)}`),
    });
    if (result.kind === 'not-started') failed(result.error, result.status);
    else context.setStatus(result.status, true);
  } catch (error) {
    if (given.signal.aborted) throw error;
    failed(error, NOT_RUN);
  }
}

function printJson(context: CommandContext, value: object): void {
  context.terminal.out.line(stringifyForTerminal(value));
}
/** Options as commander hands them over. */

export interface CredentialsFlags extends ConnectionFlags {
  readonly json?: boolean;
  readonly debug?: boolean;
}
export interface PullFlags extends CredentialsFlags {
  readonly force?: boolean;
  readonly offline?: boolean;
  readonly withToken?: boolean;
  readonly dryRun?: boolean;
}
export interface PullExportFlags extends PullFlags, ExportFlags {}
export interface RotateFlags extends CredentialsFlags {
  readonly exec?: string;
}
export interface StatusFlags extends CredentialsFlags {
  readonly online?: boolean;
  readonly failOn?: 'warn';
}
export interface TokenFlags extends CredentialsFlags {
  readonly show?: boolean;
}
export interface PruneFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}
