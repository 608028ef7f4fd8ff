import { escapeForTerminal } from '../base/escape.ts';
import type { KuFlowSession } from '../platform/client/kuflow-session.ts';
import { RECENT_RECORDS } from '../platform/client/light-client.ts';
import { readQueues } from '../platform/rest/dev-client.ts';
import { localStartCommand } from '../project/commands.ts';
import { printSteps } from '../terminal/print-error.ts';
import { palette } from '../terminal/palette.ts';
import type { CommandContext } from './context.ts';

/** Warns about each task queue of these processes that no worker polls. Only the local KuFlow knows who polls its queues. */
export async function warnAboutUnpolledQueues(
  { local }: Pick<KuFlowSession, 'local'>,
  codes: readonly string[],
  { terminal: { err }, cwd, invocation }: CommandContext,
): Promise<void> {
  const unpolled = await findUnpolledQueues(local, codes);
  if (unpolled.length === 0) return;
  for (const taskQueue of unpolled)
    err.line(`${palette(err).yellow(err.marks.warning)} No worker is polling ${taskQueue}`);
  printSteps(err, [`Start the worker: ${await localStartCommand(cwd, invocation)}`]);
}

/** One step for each task queue that a running process of the local KuFlow uses and no worker is polling. */
export async function stepsForUnpolledQueues(
  session: KuFlowSession,
  { cwd, invocation }: Pick<CommandContext, 'cwd' | 'invocation'>,
): Promise<readonly string[]> {
  const unpolled = await findUnpolledQueues(session.local, await runningCodes(session));
  const start = await localStartCommand(cwd, invocation);
  return unpolled.map((taskQueue) => `No worker is polling ${taskQueue}, so start the worker: ${start}`);
}

/** The codes of the definitions of the newest running processes in the local KuFlow. */
export async function runningCodes({ client, local }: KuFlowSession): Promise<readonly string[]> {
  if (local === undefined) return [];
  const running = await client.findProcesses({ state: ['RUNNING'], size: RECENT_RECORDS });
  return running.content.map(({ processDefinitionRef }) => processDefinitionRef.code);
}

async function findUnpolledQueues(local: KuFlowSession['local'], codes: readonly string[]): Promise<readonly string[]> {
  if (local === undefined || codes.length === 0) return [];
  const queues = await readQueues(local.devApi);
  return queues
    .filter(({ pollers, processes }) => pollers.length === 0 && processes.some((code) => codes.includes(code)))
    .map(({ taskQueue }) => escapeForTerminal(taskQueue));
}
