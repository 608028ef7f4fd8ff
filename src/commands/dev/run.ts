import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KnownError, messageOf, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { withContext } from '../../base/system-error.ts';
import { execWithPlatform, type Restart } from './exec.ts';
import { followingRequest } from './regenerate-on-save.ts';
import { requestOpenFile } from '../../platform/rest/dev-client.ts';
import { pageAddress } from '../../platform/console/page-address.ts';
import { createKuFlowClient } from '../../kuflow/client.ts';
import { isIdOrLatest } from '../../kuflow/find-id.ts';
import type { LanguageId } from '../../languages/names.ts';
import { workerSettings } from '../../platform/session/start.ts';
import { openFolder, stateFolder, type PlatformState } from '../../platform/state/state-file.ts';
import { findTemporal, findTestServer } from '../../platform/temporal/find.ts';
import { startCommand } from '../../project/commands.ts';
import { shellAssignment } from '../../base/shell.ts';
import { attachedLine, execCommand, platformReporter, readyHints } from '../../platform/session/event-view.ts';
import { printError } from '../../terminal/print-error.ts';
import { openProgress } from '../../terminal/progress.ts';
import { escapeJsonForTerminal } from '../../terminal/json.ts';
import { findLocalProcessId } from '../../cli/with-kuflow.ts';
import type { CommandContext } from '../../cli/context.ts';
import { requireRunningPlatform } from '../../cli/local-kuflow.ts';
import { platformRequest, warnAboutIgnoredOptions } from '../../cli/platform-options.ts';
import type { DevFlags } from '../../cli/platform-options.ts';

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
    const result = await execWithPlatform({
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
    if (result.error !== undefined) reportFailure(result.error, result.status);
    else context.setStatus(result.status);
  } catch (error) {
    if (request.signal.aborted) throw error;
    reportFailure(error, PLATFORM_FAILED_STATUS);
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

/** `kuflow dev open`: opens the console in a browser, or with --print prints its address, which contains the user's token. */
export async function runOpen(
  path: string | undefined,
  flags: DevFlags & { readonly print?: boolean },
  context: CommandContext,
): Promise<void> {
  const { cwd, terminal } = context;
  const running = await requireRunningPlatform({ cwd, stateDir: flags.stateDir }, context);
  if (flags.print === true) {
    terminal.out.line(pageAddress(running, { token: running.user.token.reveal() }, path));
    return;
  }
  const shown = pageAddress(running, {}, path);
  const file = await requestOpenFile(running, path ?? '');
  await openBrowser(join(openFolder(stateFolder({ cwd, stateDir: flags.stateDir })), file));
  terminal.err.line(`Opened ${escapeForTerminal(shown)}`);
}

/** Milliseconds after which the program that opens the browser counts as successful. Some run for as long as the browser. */
const FAILS_WITHIN = 3000;

/** Opens the HTML file in the default browser. Rejects with KnownError if the browser does not open. */
async function openBrowser(file: string): Promise<void> {
  const { default: open } = await import('open');
  try {
    const program = await open(file);
    const status = await new Promise<number | null>((resolve, reject) => {
      if (program.exitCode !== null) resolve(program.exitCode);
      program.once('exit', resolve).once('error', reject);
      setTimeout(() => resolve(0), FAILS_WITHIN).unref();
      program.ref();
    });
    if (status !== 0) throw new Error(`it ended with status ${status ?? 'unknown'}`);
  } catch (error) {
    throw new KnownError({
      message: 'No browser could be opened',
      seen: messageOf(error),
      next: ['To print the address instead, pass --print'],
    });
  }
}

export async function runHistory(
  id: string,
  flags: DevFlags & { readonly output?: string; readonly encrypted?: boolean },
  context: CommandContext,
): Promise<void> {
  const running = await requireRunningPlatform({ cwd: context.cwd, stateDir: flags.stateDir }, context);
  // The ID of a process as in other commands, or of a workflow that is not that of a process.
  const workflowId = isIdOrLatest(id) ? await findLocalProcessId(running, id, context) : id;
  const { json: history, wasEncrypted } = await readHistory(running, workflowId, flags.encrypted === true);
  if (wasEncrypted)
    context.terminal.err.line(
      'The process is confidential, but this history is decrypted. Pass --encrypted for the stored form',
    );
  if (flags.output === undefined) context.terminal.out.line(escapeJsonForTerminal(history));
  else {
    const path = resolve(context.cwd, flags.output);
    await withContext('Writing the history', path, () => writeFile(path, `${history}\n`));
    context.terminal.err.line(
      `Wrote the history of ${escapeForTerminal(workflowId)} to ${escapeForTerminal(flags.output, 1000)}`,
    );
  }
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

/**
 * The history of a workflow as JSON, as the engine stores it or decrypted. `wasEncrypted`: whether anything was decrypted. Rejects with KnownError if
 * the workflow does not exist, and if a payload cannot be decrypted.
 */
async function readHistory(
  state: PlatformState,
  workflowId: string,
  isStoredForm: boolean,
): Promise<{ readonly json: string; readonly wasEncrypted: boolean }> {
  const { id: clientId, secret: clientSecret } = state.application;
  const client = createKuFlowClient({ endpoint: state.loopback.http, credentials: { clientId, clientSecret } });
  const keys = new Map<string, Promise<Uint8Array>>();
  const readKey = async (keyId: string): Promise<Uint8Array> => {
    const { body } = await client.call('retrieveKmsKey', { path: { keyId } });
    return Buffer.from(body.value, 'base64');
  };
  // The other commands do not need Temporal's client.
  const { createProcessEngine } = await import('../../platform/temporal/workflows.ts');
  const engine = await createProcessEngine({
    address: state.endpoints.temporal,
    namespace: state.namespace,
    readKey: (keyId) => {
      const key = keys.get(keyId) ?? readKey(keyId);
      keys.set(keyId, key);
      return key;
    },
  });
  try {
    if (isStoredForm) return { json: await engine.fetchHistory(workflowId), wasEncrypted: false };
    return await engine.fetchClearHistory(workflowId);
  } finally {
    await engine.close();
    await client.close();
  }
}
