import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { deferred } from '../../base/async.ts';
import { codeOf, KnownError } from '../../base/errors.ts';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { killWithParent, signalTree } from '../../base/process-tree.ts';
import { shellWord } from '../../base/shell.ts';
import type { WorkerCommand } from '../../languages/diagnosis.ts';
import { findPlace, findReason, formatExit } from '../../languages/worker-output.ts';
import type { Environment } from '../../settings/environment.ts';

/** What the worker found out about the history of a process. */
export interface ReplayedProcess {
  readonly id: string;
  /** `unreadable`: the worker could not decrypt the history. */
  readonly outcome: 'match' | 'mismatch' | 'unreadable';
  /** The same for processes that have the same problem. */
  readonly reason?: string;
  readonly warning?: string;
}

export interface RunnerOptions {
  readonly command: Extract<WorkerCommand, { kind: 'command' }>;
  /** Absolute folder of the project. */
  readonly folder: string;
  readonly env: Environment;
  readonly onResult: (result: ReplayedProcess) => void;
  readonly signal: AbortSignal;
}

/** Begins each line with a result. Code of the project may print others. */
const RESULT = 'kuflow-replay ';
const OUTCOMES: readonly unknown[] = ['match', 'mismatch', 'unreadable'] satisfies ReplayedProcess['outcome'][];
const MAX_ERROR_LENGTH = 64 * 1024;
/** The longest time between two results, or before the first. */
const SILENCE_MS = 5 * 60_000;

/**
 * Starts the worker of the project with `--replay`, which reads histories from its standard input: the ID of a process and a protobuf message,
 * each after its length. `send` and `finish` reject with a KnownError of status 4 if the worker ends early or does not respond.
 */
export function startRunner({ command, folder, env, onResult, signal }: RunnerOptions) {
  const args = [...command.args, '--replay'];
  const child = spawn(command.program, args, {
    cwd: folder,
    env,
    stdio: 'pipe',
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const release = killWithParent(child, signal);
  const ended = deferred<never>();
  ended.promise.catch(() => undefined);
  const done = deferred<undefined>();
  let sent = 0;
  let received = 0;
  let isComplete = false;
  let errors = '';

  const fail = (seen: string, at?: string): void =>
    ended.reject(
      new KnownError({
        message: 'The worker did not replay all processes',
        tried: [command.program, ...args].map(shellWord).join(' '),
        seen: `${seen}${at === undefined ? '' : ` (${at})`}`,
        status: 4,
      }),
    );
  const silence = setTimeout(() => fail(`no result within ${SILENCE_MS / 60_000} minutes`), SILENCE_MS);
  const finishIfDone = (): void => {
    if (isComplete && received === sent) done.resolve(undefined);
  };

  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-MAX_ERROR_LENGTH);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = parseResult(line);
    if (result === undefined) return;
    silence.refresh();
    received++;
    onResult(result);
    finishIfDone();
  });
  // The end of the worker says why.
  child.stdin.on('error', () => undefined);
  child.once('error', (error) => fail(codeOf(error) ?? 'it could not be started'));
  child.once('close', (code, name) =>
    fail(`${formatExit(code, name)}${findReason(errors)}`, findPlace(errors, folder)),
  );

  /** Never resolves if the worker does not read on: its end says why. */
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      child.stdin.write(bytes, (error) => {
        if (error === undefined || error === null) resolve();
      });
    });

  return {
    /** Passes a history on. Resolves when there is room for another one. */
    send: async (id: string, history: Uint8Array): Promise<void> => {
      sent++;
      const blocks = [Buffer.from(id), history].flatMap((block) => [lengthOf(block), block]);
      await Promise.race([write(Buffer.concat(blocks)), ended.promise]);
    },
    /** Resolves when every history has a result. */
    finish: async (): Promise<void> => {
      isComplete = true;
      child.stdin.end();
      finishIfDone();
      await Promise.race([done.promise, ended.promise]);
    },
    stop: (): void => {
      clearTimeout(silence);
      release();
      // Background threads of Temporal may keep it running.
      if (child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
    },
  };
}

function lengthOf(block: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(block.length);
  return length;
}

function parseResult(line: string): ReplayedProcess | undefined {
  if (!line.startsWith(RESULT)) return undefined;
  const value = parseJsonText(line.slice(RESULT.length));
  if (!isRecord(value) || typeof value['id'] !== 'string' || !OUTCOMES.includes(value['outcome'])) return undefined;
  const { id, outcome, reason, warning } = value as Record<keyof ReplayedProcess, unknown>;
  return {
    id: id as string,
    outcome: outcome as ReplayedProcess['outcome'],
    ...(typeof reason === 'string' && { reason }),
    ...(typeof warning === 'string' && { warning }),
  };
}
