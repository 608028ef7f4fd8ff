import { escapeForTerminal } from '../base/escape.ts';
import type { KuFlowSession } from '../platform/client/kuflow-session.ts';
import { readQueues } from '../platform/rest/dev-client.ts';
import { localStartCommand } from '../project/commands.ts';
import { printSteps } from '../terminal/print-error.ts';
import { palette } from '../terminal/palette.ts';
import type { CommandContext } from './context.ts';

/**
 * Warns about each task queue of these processes that no worker polls, because the processes wait until one does. Only the local KuFlow knows
 * who polls its queues.
 */
export async function warnAboutUnpolledQueues(
  { local }: KuFlowSession,
  codes: readonly string[],
  { terminal: { err }, cwd, invocation }: CommandContext,
): Promise<void> {
  if (local === undefined || codes.length === 0) return;
  const queues = await readQueues(local.devApi);
  const unpolled = queues.filter(
    ({ pollers, processes }) => pollers.length === 0 && processes.some((code) => codes.includes(code)),
  );
  if (unpolled.length === 0) return;
  for (const { taskQueue } of unpolled)
    err.line(`${palette(err).yellow(err.marks.warning)} No worker polls ${escapeForTerminal(taskQueue)}`);
  printSteps(err, [`Start the worker: ${await localStartCommand(cwd, invocation)}`]);
}
