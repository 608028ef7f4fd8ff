import { spawn } from 'node:child_process';
import { codeOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { signalTree } from '../../base/process-tree.ts';
import { MIB } from '../../files/read.ts';
import type { WorkerCheck, WorkerCheckOptions, WorkerStep } from '../../diagnostics/input.ts';

const LONGEST_DETAIL = 600;
const LONGEST_WHY = 200;
const STATUSES: readonly WorkerStep['status'][] = ['ok', 'failed', 'unknown', 'skipped'];

/** The variable by which a worker's `--check` is told how long it may take, in seconds from its start. */
const LIMIT = 'KUFLOW_WORKER_CHECK_SECONDS';

/**
 * The worker's own `--check --json`, as `npm run check` runs it, told to say by `limitMs` what it knows. Ends as soon as there is an answer,
 * and ends the whole process tree then and when `signal` fires. Never rejects.
 */
export async function runWorkerCheck(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  { signal, limitMs }: WorkerCheckOptions,
): Promise<WorkerCheck> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '--check', '--json'], {
    cwd: folder,
    env: { ...env, [LIMIT]: String(limitMs / 1000) },
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
    return await new Promise<WorkerCheck>((resolve, reject) => {
      stop = () => resolve({ kind: 'failed', why: 'it was ended before it had one' });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      child.stdout.on('data', (chunk: Buffer) => {
        if (text.out.length < MIB) text.out += chunk.toString();
        // The process itself may go on for a while, with threads of Temporal's that nobody waits for.
        const answer = text.out.endsWith('\n') ? readAnswer(text.out) : undefined;
        if (answer !== undefined) resolve(answer);
      });
      child.once('error', reject);
      child.once('close', (code, name) =>
        resolve(readAnswer(text.out) ?? { kind: 'failed', why: `${endOf(code, name)}${reasonIn(text.err)}` }),
      );
    });
  } catch (error) {
    return { kind: 'failed', why: codeOf(error) ?? 'it could not be started' };
  } finally {
    signal.removeEventListener('abort', stop);
    if (child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
  }
}

const endOf = (code: number | null, name: NodeJS.Signals | null): string =>
  code === null ? (name ?? 'ended') : `status ${code}`;

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

/** As Node, a bundler and the worker's own log begin a line that says what is wrong; what comes after it is where, and the version of Node. */
const ERROR = /(?:^|\s)(?:[A-Z]\w*)?Error(?: \[\w+\])?: \S|\bERROR\b.*\S/;

/** The last line that tells of an error, else the last that tells anything. */
function reasonIn(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Node\.js v\d/.test(line));
  const line = lines.findLast((one) => ERROR.test(one)) ?? lines.at(-1);
  return line === undefined ? '' : `, ${(loggedError(line) ?? line).slice(0, LONGEST_WHY)}`;
}

/** The worker logs in JSON. */
function loggedError(line: string): string | undefined {
  try {
    const { message, error }: { readonly message?: unknown; readonly error?: unknown } = JSON.parse(line) as object;
    return typeof message === 'string' ? `${message}${typeof error === 'string' ? `: ${error}` : ''}` : undefined;
  } catch {
    return undefined;
  }
}
