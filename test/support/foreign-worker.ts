import { spawn } from 'node:child_process';

/** How to start a worker that was not created by this tool. */
export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** Runs a worker while `act` runs, then kills it. Rejects with the worker's output if `act` fails or the worker ends first. */
export async function whileRunning<T>(
  { command, args }: WorkerCommand,
  env: NodeJS.ProcessEnv,
  act: () => Promise<T>,
): Promise<T> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('The worker ended')));
  });
  try {
    return await Promise.race([act(), ended]);
  } catch (error) {
    throw new Error(`The worker said: ${output}`, { cause: error });
  } finally {
    ended.catch(() => undefined);
    child.kill('SIGKILL');
    await closed;
  }
}
