import { systemClock } from '../../base/clock.ts';
import { startCommand } from '../../project/commands.ts';
import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import { localKuFlow } from '../../cli/local-kuflow.ts';
import type { CommandContext } from '../../cli/context.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import { CommandStartError } from '../../platform/session/worker-command.ts';
import { printError } from '../../terminal/print-error.ts';
import { openProgress } from '../../terminal/progress.ts';
import { openCredentialClient, type CredentialsFlags } from './request-credentials.ts';
import { execWithCredentials } from './exec.ts';
import { verifyToken } from './verify-certificate-and-token.ts';
import { pullAndExport, rotateCredentials, type ExportFlags, type PullFlags } from './pull.ts';
import {
  printStatus,
  statusAsData,
  exportAsData,
  exportReporter,
  printExport,
  printPrune,
  printPull,
  pullAsData,
} from './view.ts';
import { pruneSets } from './store/prune.ts';
import { credentialsStatus, type StatusFlags } from './status.ts';

const NOT_RUN = 125;

function credentialContext<Flags extends CredentialsFlags>(context: CommandContext, flags: Flags) {
  return { ...connectionContext(context), flags, clock: systemClock, local: localKuFlow(flags, context) };
}

/**
 * `kuflow credentials pull`. With `--json`: `{ result: unchanged|would-pull|pulled, because: [{ reason, text }], set?,
 * settings: { file, keys }, engine?, kept?, warnings, export? }`; `set` without secrets: `{ id, folder, namespace,
 * endpoint, principal, certificate, renewBefore, … }`.
 */
export async function runPull(flags: PullFlags & ExportFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  try {
    const { output } = flags;
    if (output === '-' && flags.json === true)
      throw usageError('--output - cannot be combined with --json: both write to standard output');
    const { pulled: result, exported } = await pullAndExport({
      ...credentialContext(context, flags),
      onPulled: ({ kind }) => {
        if (kind === 'pulled') progress.end('done');
        progress.stop();
      },
      onExport: exportReporter(terminal.err),
      report: (title) => progress.begin(title),
    });
    if (flags.json === true) {
      const data = exported === undefined ? {} : { export: exportAsData(exported) };
      terminal.out.json({ ...pullAsData(result, context.cwd), ...data });
      return;
    }
    // With `--output -`, nothing but the credentials goes to standard output.
    printPull(output === '-' ? { ...terminal, out: terminal.err } : terminal, result, context);
    if (exported !== undefined) printExport(terminal, exported);
  } finally {
    progress.stop();
  }
}

/** `kuflow credentials rotate`. With `--json` like `pull`, plus `exec: { status }`. Status 1 if that command failed. */
export async function runRotate(
  flags: CredentialsFlags & { readonly exec?: string },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  const credentials = credentialContext(context, flags);
  try {
    const { pulled, execStatus } = await rotateCredentials({
      ...credentials,
      report: (title) => progress.begin(title),
      // Before the command, which writes to the same terminal and may run for a long time.
      onSwitched: (switched) => {
        progress.end('done');
        progress.stop();
        if (flags.json !== true) printPull(terminal, switched, context);
        terminal.err.line(
          'Running workers that watch their files use the new set within 30 seconds. Restart all other workers.',
        );
      },
      exec: flags.exec,
    });
    const exec = execStatus === undefined ? {} : { exec: { status: execStatus } };
    if (flags.json === true) terminal.out.json({ ...pullAsData(pulled, context.cwd), ...exec });
    if (flags.exec !== undefined && execStatus === undefined)
      terminal.err.line('The command after the switch was not run; the new set stays in use.');
    if (execStatus !== undefined && execStatus !== 0) {
      const how = credentials.signal.aborted ? 'was interrupted' : `exited with ${execStatus}`;
      terminal.err.line(`The command after the switch ${how}; the new set stays in use.`);
      context.setStatus(1);
    }
  } finally {
    progress.stop();
  }
}

/** `kuflow credentials status`. With `--json`: `{ status, folder, settings, problems, warnings, store, online? }`. */
export async function runStatus(flags: StatusFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  if (flags.online === true)
    terminal.err.line(
      'Checking with KuFlow creates an authentication: an engine token, and a certificate if none is configured.',
    );
  const status = await credentialsStatus(credentialContext(context, flags));
  if (flags.json === true) terminal.out.json(statusAsData(status, context.cwd));
  else printStatus(terminal, status, { ...context, now: systemClock.now() });
  context.setStatus(status.status);
}

/** `kuflow credentials prune`. With `--json`: `{ removed: [id], kept: [{ id, because }], dryRun }`. */
export async function runPrune(
  flags: { readonly dryRun?: boolean; readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const dryRun = flags.dryRun === true;
  const { env, cwd } = context;
  const signal = context.interruption();
  const result = await pruneSets({ project: cwd, env, dryRun, files: nodeFileSystem, clock: systemClock, signal });
  if (flags.json === true) context.terminal.out.json({ ...result, dryRun });
  else printPrune(context.terminal, result, dryRun);
}

/** `kuflow credentials token`. With `--json`: `{ token, expiresAt }`. Status 2 on a terminal without `--show`. */
export async function runToken(
  flags: CredentialsFlags & { readonly show?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  if (terminal.out.isTTY && flags.show !== true) {
    throw usageError('The token would be visible, because standard output is a terminal', [
      'Pipe the output to another command, or add --show to print the token anyway',
    ]);
  }
  const client = await openCredentialClient(credentialContext(context, flags));
  try {
    const { value, expiresAt } = verifyToken(await client.requestToken(), systemClock.now());
    for (const warning of client.warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
    const token = value.reveal();
    if (flags.json === true) terminal.out.json({ token, expiresAt });
    else terminal.out.line(token);
  } finally {
    await client.close();
  }
}

/** `kuflow credentials exec`: the status of the command; 125 without credentials, 126 and 127 as in a shell. */
export async function runCredentialsExec(
  words: readonly string[],
  flags: CredentialsFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const [program, ...rest] = words;
  if (program === undefined)
    throw usageError('Missing command after --', [
      `${context.invocation} credentials exec -- ${await startCommand(context.cwd)}`,
    ]);
  const credentials = credentialContext(context, flags);
  const fail = (error: unknown, status: 125 | 126 | 127): void => {
    printError(terminal, error, { debug: flags.debug === true });
    context.setStatus(status, true);
  };
  try {
    const status = await execWithCredentials({
      ...credentials,
      command: [program, ...rest],
      passSignals: (listener) => context.passSignals(listener),
      onWarning: (text) => terminal.err.line(`Warning: ${escapeForTerminal(text, 1000)}`),
    });
    context.setStatus(status, true);
  } catch (error) {
    if (error instanceof CommandStartError) fail(error, error.exitStatus);
    else if (credentials.signal.aborted) throw error;
    else fail(error, NOT_RUN);
  }
}
