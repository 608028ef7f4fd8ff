import { spawn } from 'node:child_process';
import { codeOf } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { signalTree } from '../base/process-tree.ts';
import type { WorkerCheck, WorkerStep } from '../doctor/doctor-input.ts';

const LARGEST = 1024 * 1024;
const LONGEST_DETAIL = 600;
const STATUSES: readonly WorkerStep['status'][] = ['ok', 'failed', 'unknown', 'skipped'];

/** The worker's own `--check --json`, as `npm run check` runs it. Ends the whole process tree when `signal` fires. Never rejects. */
export async function runWorkerCheck(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<WorkerCheck> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '--check', '--json'], {
    cwd: folder,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const stop = (): void => {
    if (child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    if (text.out.length < LARGEST) text.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (text.err.length < LARGEST) text.err += chunk.toString();
  });
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    });
    return readAnswer(text.out) ?? { kind: 'failed', why: `status ${status}${lastLine(text.err)}` };
  } catch (error) {
    return { kind: 'failed', why: codeOf(error) ?? 'it could not be started' };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function readAnswer(text: string): WorkerCheck | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value['status'] !== 'number' || !Array.isArray(value['steps'])) return undefined;
  const steps = value['steps'].flatMap((entry: unknown): readonly WorkerStep[] => {
    if (!isRecord(entry) || typeof entry['step'] !== 'string' || typeof entry['detail'] !== 'string') return [];
    const status = STATUSES.find((one) => one === entry['status']);
    return status === undefined
      ? []
      : [{ step: entry['step'].slice(0, 40), status, detail: entry['detail'].slice(0, LONGEST_DETAIL) }];
  });
  return { kind: 'answered', status: value['status'], steps };
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `, ${line.slice(0, 200)}`;
}
