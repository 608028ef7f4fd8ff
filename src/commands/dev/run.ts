import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { withContext } from '../../base/system-error.ts';
import { execWithPlatform } from './exec.ts';
import { runningPlatform } from '../../platform/session/attach.ts';
import { startDevPlatform } from '../../platform/session/start.ts';
import { readHistory, serverPath, platformSettings } from './tools.ts';
import { pathOption, shellWord } from '../../text/shell.ts';
import { attachedLine, platformView, readyHints, readyLine } from '../../platform/session/view.ts';
import { printError } from '../../terminal/print-error.ts';
import { openProgress } from '../../terminal/progress.ts';
import { escapedJson, jsonLine } from '../../terminal/json.ts';
import type { CommandContext } from '../../cli/context.ts';
import { platformRequest, warnAboutIgnoredOptions } from '../../cli/platform-options.ts';
import type { DevFlags } from '../../cli/platform-options.ts';

const NOT_RUN = 125;

/** `kuflow dev`: until it is interrupted. */
export async function runDev(flags: DevFlags, context: CommandContext): Promise<void> {
  const { terminal, invocation } = context;
  const progress = openProgress(terminal.err);
  const request = platformRequest(flags, context, platformView({ progress, requests: flags.requests === true }));
  const platform = await startDevPlatform(request).finally(() => progress.stop());
  terminal.out.line(readyLine(platform.state));
  for (const line of readyHints(platform.state, invocation, flags.stateDir)) terminal.err.line(line);
  await new Promise<void>((resolveWait) => {
    if (request.signal.aborted) resolveWait();
    else request.signal.addEventListener('abort', () => resolveWait(), { once: true });
  });
  progress.begin('Stop the local KuFlow');
  await platform.stop();
  progress.end('done', 'Local KuFlow stopped');
  context.setStatus(130);
}

export async function runDevExec(words: readonly string[], flags: DevFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const [program, ...rest] = words;
  if (program === undefined)
    throw usageError('A command is expected after --', [
      `${context.invocation} dev exec${pathOption('--state-dir', flags.stateDir)} -- npm start`,
    ]);
  const progress = openProgress(terminal.err);
  const request = platformRequest(flags, context, platformView({ progress, requests: flags.requests === true }));
  const shown = (error: unknown, status: 125 | 126 | 127): void => {
    progress.stop();
    printError(terminal, error, { debug: false, json: false, status });
    context.setStatus(status);
  };
  try {
    const result = await execWithPlatform({
      ...request,
      command: [program, ...rest],
      onReady: (platform) => {
        if (platform.owned) return;
        progress.note(attachedLine(platform.state));
        warnAboutIgnoredOptions(progress, flags, platform.state.endpoints);
        for (const why of platform.unserved)
          progress.note(`${why}; it takes a new one when it is started again`, 'warning');
      },
    });
    if (result.kind === 'not-started') shown(result.error, result.status);
    else context.setStatus(result.status);
  } catch (error) {
    if (request.signal.aborted) throw error;
    shown(error, NOT_RUN);
  } finally {
    progress.stop();
  }
}

/** `export NAME=VALUE` lines for a POSIX shell's `eval`, or with --json `{ NAME: VALUE }`; asked for by name, so that the secret is in it. */
export async function runEnv(flags: DevFlags & { readonly json?: boolean }, context: CommandContext): Promise<void> {
  const where = { cwd: context.cwd, stateDir: flags.stateDir };
  const settings = await platformSettings(await runningPlatform(where), { ...where, env: context.env });
  const { out } = context.terminal;
  if (flags.json === true) out.line(jsonLine(settings));
  else for (const [name, value] of Object.entries(settings)) out.line(`export ${name}=${shellWord(value)}`);
}

export async function runHistory(
  id: string,
  flags: DevFlags & { readonly output?: string },
  context: CommandContext,
): Promise<void> {
  const history = await readHistory(await runningPlatform({ cwd: context.cwd, stateDir: flags.stateDir }), id);
  if (flags.output === undefined) context.terminal.out.line(escapedJson(history));
  else {
    const path = resolve(context.cwd, flags.output);
    await withContext('Writing the history', path, () => writeFile(path, `${history}\n`));
    context.terminal.err.line(`The history of ${escapeForTerminal(id)} is in ${escapeForTerminal(flags.output, 1000)}`);
  }
}

export async function runServerPath(
  flags: { readonly timeSkipping?: boolean; readonly temporalPath?: string },
  context: CommandContext,
): Promise<void> {
  const progress = openProgress(context.terminal.err);
  try {
    const path = await serverPath({
      env: context.env,
      timeSkipping: flags.timeSkipping === true,
      signal: context.interruption(),
      report: platformView({ progress, requests: false }),
      ...(flags.temporalPath === undefined ? {} : { explicit: resolve(context.cwd, flags.temporalPath) }),
    });
    context.terminal.out.line(path);
  } finally {
    progress.stop();
  }
}
