import { spawn } from 'node:child_process';
import { isAbsolute, relative } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { signalTree } from '../../base/process-tree.ts';
import { MIB } from '../../files/read.ts';
import type { WorkerCheckCommand } from '../../languages/diagnosis.ts';
import type { WorkerCheckOutcome, WorkerCheckOptions, WorkerCheckStep } from '../../diagnostics/input.ts';

const MAX_DETAIL_LENGTH = 600;
const MAX_REASON_LENGTH = 200;
const STATUSES: readonly WorkerCheckStep['status'][] = ['ok', 'failed', 'unknown', 'skipped'];

/** Tells the worker's `--check` its time limit, in seconds from its start. */
const LIMIT_VARIABLE = 'KUFLOW_WORKER_CHECK_SECONDS';

/**
 * Runs the worker's own check with `command`, with a time limit of `limitMs`. Resolves as soon as there is a result;
 * then, or when `signal` aborts, it kills the whole process tree. Never rejects.
 */
export async function runWorkerCheck(
  { program, args }: Pick<Extract<WorkerCheckCommand, { kind: 'command' }>, 'program' | 'args'>,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  { signal, limitMs }: WorkerCheckOptions,
): Promise<WorkerCheckOutcome> {
  const child = spawn(program, args, {
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

const formatExit = (code: number | null, name: NodeJS.Signals | null): string =>
  code === null ? (name ?? 'ended') : `status ${code}`;

function parseAnswer(text: string): WorkerCheckOutcome | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
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

/** A line with an error from Node, a JVM, a bundler or the worker's log. Stack traces and the Node version follow it. */
const ERROR_LINE = /(?:^|\s)(?:[\w.]*[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?: \S|\bERROR\b.*\S/;

/** The last line with an error, or else the last line. */
function findReason(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Node\.js v\d/.test(line));
  const line = lines.findLast((one) => ERROR_LINE.test(one)) ?? lines.at(-1);
  return line === undefined ? '' : `, ${(parseLoggedError(line) ?? line).slice(0, MAX_REASON_LENGTH)}`;
}

/** `file:line` or `File "…", line 3`, as Node, bundlers and Python write it. */
const PLACE = /(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/])[^\s:'"(),]+\.(?:[cm]?[jt]sx?|py|java))(?::|", line |:\[)(\d+)/g;

/** The first place in the folder's own code that an error message names. */
function findPlace(text: string, folder: string): string | undefined {
  for (const [, path = '', line = ''] of text.matchAll(PLACE)) {
    const own = relative(folder, path);
    if (!own.startsWith('..') && !isAbsolute(own) && !/(?:^|[\\/])(?:node_modules|\.venv)[\\/]/.test(own))
      return `${own}:${line}`;
  }
  return undefined;
}

/** The message of a log entry; the worker logs in JSON. */
function parseLoggedError(line: string): string | undefined {
  try {
    const { message, error }: { readonly message?: unknown; readonly error?: unknown } = JSON.parse(line) as object;
    return typeof message === 'string' ? `${message}${typeof error === 'string' ? `: ${error}` : ''}` : undefined;
  } catch {
    return undefined;
  }
}
