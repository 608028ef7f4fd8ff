import { spawn } from 'node:child_process';
import { codeOf } from '../../base/errors.ts';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { signalTree } from '../../base/process-tree.ts';
import { MIB } from '../../files/read.ts';
import type { WorkerCommand } from '../../languages/diagnosis.ts';
import { findPlace, findReason, formatExit } from '../../languages/worker-output.ts';
import type { WorkerCheckOutcome, WorkerCheckStep, WorkerCheckOptions } from '../../diagnostics/input.ts';
import type { Environment } from '../../settings/environment.ts';

const MAX_DETAIL_LENGTH = 600;
const STATUSES: readonly WorkerCheckStep['status'][] = ['ok', 'failed', 'unknown', 'skipped'];

/** Tells the worker's `--check` its time limit, in seconds from its start. */
const LIMIT_VARIABLE = 'KUFLOW_WORKER_CHECK_SECONDS';

/** Runs the worker's own check. Resolves as soon as there is a result, then kills the whole process tree. Never rejects. */
export async function runWorkerCheck(
  { program, args }: Pick<Extract<WorkerCommand, { kind: 'command' }>, 'program' | 'args'>,
  folder: string,
  env: Environment,
  { signal, limitMs }: WorkerCheckOptions,
): Promise<WorkerCheckOutcome> {
  const child = spawn(program, [...args, '--check', '--json'], {
    cwd: folder,
    env: { ...env, [LIMIT_VARIABLE]: String(limitMs / 1000) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const text = { out: '', err: '' };
  child.stderr.on('data', (chunk: Buffer) => {
    if (text.err.length < MIB) text.err += chunk.toString();
  });
  let stop = (): void => undefined;
  try {
    return await new Promise<WorkerCheckOutcome>((resolve, reject) => {
      stop = () => resolve({ kind: 'stopped' });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      child.stdout.on('data', (chunk: Buffer) => {
        if (text.out.length < MIB) text.out += chunk.toString();
        // The process may keep running for a while because of background threads of Temporal.
        const answer = text.out.endsWith('\n') ? parseAnswer(text.out) : undefined;
        if (answer !== undefined) resolve(answer);
      });
      child.once('error', reject);
      child.once('close', (code, name) =>
        resolve(
          parseAnswer(text.out) ?? {
            ...{ kind: 'failed', why: `${formatExit(code, name)}${findReason(text.err)}` },
            at: findPlace(text.err, folder),
          },
        ),
      );
    });
  } catch (error) {
    return { kind: 'failed', why: codeOf(error) ?? 'the worker could not be started' };
  } finally {
    signal.removeEventListener('abort', stop);
    if (child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
  }
}

function parseAnswer(text: string): WorkerCheckOutcome | undefined {
  const value = parseJsonText(text);
  if (!isRecord(value) || typeof value['status'] !== 'number' || !Array.isArray(value['steps'])) return undefined;
  const steps = value['steps'].flatMap((entry: unknown): readonly WorkerCheckStep[] => {
    if (!isRecord(entry) || typeof entry['step'] !== 'string' || typeof entry['detail'] !== 'string') return [];
    const status = STATUSES.find((one) => one === entry['status']);
    return status === undefined
      ? []
      : [{ step: entry['step'].slice(0, 40), status, detail: entry['detail'].slice(0, MAX_DETAIL_LENGTH) }];
  });
  return { kind: 'answered', status: value['status'], steps };
}
