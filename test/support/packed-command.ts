import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installedBin } from './generated-project.ts';
import { bareEnvironment } from './worker-process.ts';

export interface CommandEnd {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface PackedCommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The folder of another package that has the bin. */
  readonly packageFolder?: string;
}

/** Runs a bin of the packed package to its end, without a terminal and without KuFlow variables in its environment except `env`. */
export function packedCommand(
  bin: 'create-kuflow-worker' | 'kuflow',
  args: readonly string[],
  { cwd, env = {}, packageFolder }: PackedCommandOptions,
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const program = packageFolder === undefined ? installedBin(bin) : join(packageFolder, 'bin', `${bin}.js`);
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...bareEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const read = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (read.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (read.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...read }));
  });
}
