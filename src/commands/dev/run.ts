import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import type { CommandContext } from '../../cli/context.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { createEphemeralFolder } from '../../platform/session/ephemeral-folder.ts';
import { createReadyRecord, toPrintedEvent } from '../../platform/session/json-events.ts';
import { startDevPlatform, type DevPlatform } from '../../platform/session/start-dev-platform.ts';
import { platformReporter } from '../../platform/session/event-view.ts';
import { stateFolder } from '../../platform/state/running-state.ts';
import { devCommand, projectCommands, startCommand } from '../../project/commands.ts';
import { openProgress } from '../../terminal/progress.ts';
import { withoutUndefined } from '../../base/json.ts';
import type { Channel } from '../../terminal/terminal.ts';
import { followingRequest } from './regenerate-on-save.ts';
import { execCommand, readyHints, readyLine, type ReadyHintsOptions } from '../../platform/session/ready-view.ts';
import { platformRequest } from '../../cli/platform-request.ts';

/** `kuflow dev`: runs until it is interrupted, or until stdin closes if it watches it. */
export async function runDev(flags: DevFlags, context: CommandContext): Promise<void> {
  const isEphemeral = flags.ephemeral === true;
  const start = await startCommand(context.cwd);
  // With another state folder, the commands of the project would start another local KuFlow.
  const isDefault = !isEphemeral && flags.stateDir === undefined;
  const dev = isDefault ? await devCommand(context.cwd) : undefined;
  const smoke = isDefault ? (await projectCommands(context.cwd))?.smoke : undefined;
  const view = flags.json === true ? jsonView(flags, context) : textView(flags, context, { start, dev, smoke });
  const interruption = context.interruption();
  const stdinClosed = watchesStdin(flags) ? whenClosed(context.terminal.prompts.input) : undefined;
  const signal = stdinClosed === undefined ? interruption : AbortSignal.any([interruption, stdinClosed]);
  const folder = isEphemeral ? await createEphemeralFolder() : undefined;
  try {
    const stateDir = folder?.path ?? flags.stateDir;
    const worker = dev ?? execCommand(context.invocation, stateDir, start);
    const plain = platformRequest(stateDir === undefined ? flags : { ...flags, stateDir }, context, view.event, worker);
    // What is thrown away does not change the project: it serves the definitions as they are at the start.
    const request = { ...(isEphemeral ? plain : followingRequest(plain, context.version)), signal };
    const platform = await startDevPlatform(request).finally(() => view.startEnded());
    view.ready(platform, stateFolder(request));
    if (!signal.aborted) await once(signal, 'abort');
    view.stopping();
    await platform.stop();
  } catch (error) {
    // Nobody waits for the start any longer.
    if (stdinClosed?.aborted !== true || error !== stdinClosed.reason) throw error;
  } finally {
    await folder?.remove();
  }
  view.stopped();
  context.setStatus(interruption.aborted ? 130 : 0);
}

/** What `kuflow dev` prints for a person. */
function textView(
  flags: DevFlags,
  { terminal, invocation }: CommandContext,
  commands: Pick<ReadyHintsOptions, 'start' | 'dev' | 'smoke'>,
) {
  const progress = openProgress(terminal.err);
  return {
    event: platformReporter({ progress, requests: flags.requests === true }),
    startEnded: () => progress.stop(),
    ready: ({ state }: DevPlatform, stateDir: string): void => {
      terminal.out.line(readyLine(state));
      const hints = readyHints(state, invocation, {
        stateDir: flags.ephemeral === true ? stateDir : flags.stateDir,
        runs: 'platform',
        ...commands,
        showToken: terminal.err.isTTY,
      });
      for (const line of hints) terminal.err.line(line);
    },
    stopping: () => progress.begin('Stopping the local KuFlow…'),
    stopped: () => progress.end('done', 'Stopped the local KuFlow'),
  };
}

/** Bytes. A program that does not read misses events, but neither blocks the platform nor fills its memory. */
const MAX_BACKLOG = 1024 * 1024;

/** What `kuflow dev --json` prints. */
function jsonView(flags: DevFlags, { terminal: { out }, version }: CommandContext): ReturnType<typeof textView> {
  const print = printerFor(out);
  return {
    event: (event) => {
      const printed = toPrintedEvent(event, { requests: flags.requests === true });
      if (printed !== undefined) print(printed);
    },
    startEnded: () => undefined,
    ready: ({ state, definitions }, stateDir) =>
      print(
        createReadyRecord(state, {
          ...{ version, stateDir, ephemeral: flags.ephemeral === true },
          definitions: definitions.map(({ process, workflow }) =>
            withoutUndefined({ code: process.code, workflowType: workflow?.type, taskQueue: workflow?.taskQueue }),
          ),
        }),
      ),
    stopping: () => undefined,
    stopped: () => print({ kind: 'stopped' }),
  };
}

function printerFor(out: Channel): (line: object) => void {
  let missed = 0;
  return (line) => {
    if (out.backlog > MAX_BACKLOG) {
      missed += 1;
      return;
    }
    if (missed > 0) out.json({ kind: 'missed', events: missed }, 0);
    missed = 0;
    out.json(line, 0);
  };
}

/** A terminal, a file and `/dev/null`, as with nohup or in a systemd unit, never count: only a program that keeps a pipe open can close it. */
function watchesStdin({ json, ephemeral, watchStdin }: DevFlags): boolean {
  if (watchStdin !== undefined) return watchStdin;
  return (json === true || ephemeral === true) && isPipe(0);
}

function isPipe(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isFIFO() || found.isSocket();
  } catch {
    // It is closed.
    return false;
  }
}

function whenClosed(input: NodeJS.ReadableStream): AbortSignal {
  const closed = new AbortController();
  const onClose = (): void => closed.abort(new Error('stdin was closed'));
  for (const event of ['end', 'close', 'error']) input.once(event, onClose);
  input.resume();
  return closed.signal;
}
