import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { withContext } from '../../base/system-error.ts';
import { execWithPlatform } from './exec.ts';
import { requireRunningPlatform } from '../../platform/session/attach.ts';
import { platformEnvironment } from '../../platform/environment.ts';
import { startDevPlatform, stateFolder, type DevEvent } from '../../platform/session/start.ts';
import { workerCertificateEnvironment } from '../../platform/session/worker-certificate.ts';
import type { PlatformState } from '../../platform/state-file.ts';
import { createProcessEngine } from '../../platform/temporal/engine.ts';
import { findTemporal, findTestServer } from '../../platform/temporal/find.ts';
import { pathOption, shellWord } from '../../text/shell.ts';
import { attachedLine, platformReporter, readyHints, readyLine } from '../../platform/session/view.ts';
import { printError } from '../../terminal/print-error.ts';
import { openProgress } from '../../terminal/progress.ts';
import { escapeJsonForTerminal, stringifyForTerminal } from '../../terminal/json.ts';
import type { CommandContext } from '../../cli/context.ts';
import { platformRequest, warnAboutIgnoredOptions } from '../../cli/platform-options.ts';
import type { DevFlags } from '../../cli/platform-options.ts';

const PLATFORM_FAILED_STATUS = 125;

/** `kuflow dev`: until it is interrupted. */
export async function runDev(flags: DevFlags, context: CommandContext): Promise<void> {
  const { terminal, invocation } = context;
  const progress = openProgress(terminal.err);
  const request = platformRequest(flags, context, platformReporter({ progress, requests: flags.requests === true }));
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
  const request = platformRequest(flags, context, platformReporter({ progress, requests: flags.requests === true }));
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
        for (const why of platform.mismatches)
          progress.note(`${why}; it takes a new one when it is started again`, 'warning');
      },
    });
    if (result.kind === 'not-started') shown(result.error, result.status);
    else context.setStatus(result.status);
  } catch (error) {
    if (request.signal.aborted) throw error;
    shown(error, PLATFORM_FAILED_STATUS);
  } finally {
    progress.stop();
  }
}

/** `export NAME=VALUE` lines for a POSIX shell's `eval`, or with --json `{ NAME: VALUE }`; asked for by name, so that the secret is in it. */
export async function runEnv(flags: DevFlags & { readonly json?: boolean }, context: CommandContext): Promise<void> {
  const where = { cwd: context.cwd, stateDir: flags.stateDir };
  const settings = await platformSettings(await requireRunningPlatform(where), { ...where, env: context.env });
  const { out } = context.terminal;
  if (flags.json === true) out.line(stringifyForTerminal(settings));
  else for (const [name, value] of Object.entries(settings)) out.line(`export ${name}=${shellWord(value)}`);
}

export async function runHistory(
  id: string,
  flags: DevFlags & { readonly output?: string },
  context: CommandContext,
): Promise<void> {
  const history = await readHistory(await requireRunningPlatform({ cwd: context.cwd, stateDir: flags.stateDir }), id);
  if (flags.output === undefined) context.terminal.out.line(escapeJsonForTerminal(history));
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
    const path = await findServerPath({
      env: context.env,
      timeSkipping: flags.timeSkipping === true,
      signal: context.interruption(),
      report: platformReporter({ progress, requests: false }),
      ...(flags.temporalPath === undefined ? {} : { explicit: resolve(context.cwd, flags.temporalPath) }),
    });
    context.terminal.out.line(path);
  } finally {
    progress.stop();
  }
}

/** The settings by which a worker of the project in `cwd` reaches a running platform, by name of the variable; the client secret is in clear. */
async function platformSettings(
  state: PlatformState,
  request: { readonly cwd: string; readonly stateDir?: string | undefined; readonly env: NodeJS.ProcessEnv },
): Promise<Readonly<Record<string, string>>> {
  const over = await workerCertificateEnvironment(state, request.cwd, join(stateFolder(request), 'worker'));
  return { ...platformEnvironment(state, request.env), ...over };
}

/** The history of a workflow as JSON, for replayers; KnownError when there is none of that id. */
async function readHistory(state: PlatformState, workflowId: string): Promise<string> {
  const engine = await createProcessEngine({ address: state.endpoints.temporal, namespace: state.namespace });
  try {
    return await engine.fetchHistory(workflowId);
  } finally {
    await engine.close();
  }
}

/** Path of the Temporal server, or of the one that skips time; got when it is not on this machine. */
async function findServerPath(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly timeSkipping: boolean;
  readonly explicit?: string;
  readonly signal: AbortSignal;
  readonly report: (event: DevEvent) => void;
}): Promise<string> {
  const find = options.timeSkipping ? findTestServer : findTemporal;
  const found = await find({
    env: options.env,
    signal: options.signal,
    report: (event) => options.report({ ...event, about: 'temporal' }),
    ...(options.explicit === undefined ? {} : { explicit: options.explicit }),
  });
  return found.path;
}
