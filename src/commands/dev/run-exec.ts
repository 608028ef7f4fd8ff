import { resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { execWithPlatform, type Restart } from './exec.ts';
import { followingRequest } from './regenerate-on-save.ts';
import type { LanguageId } from '../../languages/language-ids.ts';
import { findTemporal, findTestServer } from '../../platform/temporal/find.ts';
import { startCommand } from '../../project/commands.ts';
import { shellAssignment } from '../../base/shell.ts';
import { attachedLine, platformReporter } from '../../platform/session/event-view.ts';
import { CommandStartError } from '../../platform/session/worker-command.ts';
import { printError } from '../../terminal/print-error.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { CommandContext } from '../../cli/context.ts';
import { requireRunningPlatform } from '../../cli/local-kuflow.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { workerSettings } from '../../platform/session/worker-environment.ts';
import { execCommand, readyHints } from '../../platform/session/ready-view.ts';
import { platformRequest, warnAboutIgnoredOptions } from '../../cli/platform-request.ts';

const PLATFORM_FAILED_STATUS = 125;

interface RuntimeFlag {
  readonly for?: LanguageId;
}

interface DevExecFlags extends DevFlags, RuntimeFlag {
  /** Undefined: unless this runs in CI. */
  readonly restart?: boolean;
  readonly watch?: readonly string[];
}

export async function runDevExec(
  words: readonly string[],
  flags: DevExecFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const [program, ...rest] = words;
  const start = await startCommand(context.cwd);
  const startWorker = execCommand(context.invocation, flags.stateDir, start);
  if (program === undefined) throw usageError('Missing command after --', [startWorker]);
  const progress = openProgress(terminal.err);
  const report = platformReporter({ progress, requests: flags.requests === true });
  const request = followingRequest(platformRequest(flags, context, report, startWorker), context.version);
  const reportFailure = (error: unknown, status: 125 | 126 | 127): void => {
    progress.stop();
    printError(terminal, error);
    context.setStatus(status);
  };
  try {
    const status = await execWithPlatform({
      ...request,
      command: [program, ...rest],
      runtime: flags.for,
      restart: flags.restart ?? (context.env['CI'] ?? '') === '',
      watch: flags.watch ?? [],
      onRestart: (restart) => {
        if (restart.kind === 'changed') progress.note('A file changed. Restarting the command');
        else progress.note(endedLine(restart), 'warning');
      },
      onReady: (platform) => {
        if (platform.owned) {
          if (!terminal.err.isTTY) return;
          for (const line of readyHints(platform.state, context.invocation, {
            stateDir: flags.stateDir,
            runs: 'command',
            start,
            showToken: true,
          }))
            terminal.err.line(line);
          return;
        }
        progress.note(attachedLine(platform.state));
        warnAboutIgnoredOptions(progress, flags, platform.state.endpoints);
        for (const mismatch of platform.mismatches)
          progress.note(`${mismatch}. Restart it to serve the current definition`, 'warning');
      },
    });
    context.setStatus(status);
  } catch (error) {
    if (error instanceof CommandStartError) reportFailure(error, error.exitStatus);
    else if (request.signal.aborted) throw error;
    else reportFailure(error, PLATFORM_FAILED_STATUS);
  } finally {
    progress.stop();
  }
}

function endedLine(restart: Exclude<Restart, { kind: 'changed' }>): string {
  if (restart.kind === 'waiting')
    return `The command ended with status ${restart.status}. Waiting for a file to change`;
  return `The worker ended with status ${restart.status}. Starting it again in ${restart.pauseMs / 1000} s`;
}

/**
 * Prints lines that set the variables in the user's shell, such as `export NAME=VALUE`, or `{ NAME: VALUE }` with --json. Includes the client secret
 * in plain text.
 */
export async function runEnv(flags: DevFlags & RuntimeFlag, context: CommandContext): Promise<void> {
  const location = { cwd: context.cwd, stateDir: flags.stateDir };
  const running = await requireRunningPlatform(location, context);
  const settings = await workerSettings(running, { ...location, env: context.env, runtime: flags.for });
  const { out } = context.terminal;
  if (flags.json === true) out.json(settings);
  else for (const [name, value] of Object.entries(settings)) out.line(shellAssignment(name, value));
}

/** `kuflow dev server-path`: downloads the Temporal server, or the time-skipping test server, if it is not on this machine. */
export async function runServerPath(
  flags: { readonly timeSkipping?: boolean; readonly temporalPath?: string },
  context: CommandContext,
): Promise<void> {
  const progress = openProgress(context.terminal.err);
  try {
    const report = platformReporter({ progress, requests: false });
    const find = flags.timeSkipping === true ? findTestServer : findTemporal;
    const { path } = await find({
      env: context.env,
      signal: context.interruption(),
      report: (event) => report({ ...event, about: 'temporal' }),
      explicit: flags.temporalPath === undefined ? undefined : resolve(context.cwd, flags.temporalPath),
    });
    context.terminal.out.line(path);
  } finally {
    progress.stop();
  }
}
