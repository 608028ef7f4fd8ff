import { spawnSync } from 'node:child_process';
import { installedBin } from './generated-project.ts';

export interface KuflowRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kuflow` of the packed package to its end, without a terminal. */
export function runKuflow(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): KuflowRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [installedBin('kuflow'), ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
    timeout: 150_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}
