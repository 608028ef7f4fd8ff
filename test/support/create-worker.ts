import { readdirSync, readFileSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createEntry } from '../../src/bin/commands.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import { fakeHost, type FakeHost } from './fake-host.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CreatedJson {
  readonly folder: string;
  readonly name: string;
  readonly process: { readonly code: string; readonly source: string; readonly tasks: number };
  readonly notes: readonly string[];
  readonly files: readonly { readonly path: string; readonly action: string; readonly reason?: string }[];
  readonly install: { readonly kind: string; readonly seen?: string; readonly output?: string };
  readonly git: { readonly kind: string; readonly reason?: string };
  readonly check: { readonly kind: string; readonly status?: number; readonly reason?: string };
  readonly next: readonly { readonly command?: string; readonly text: string }[];
  readonly command: string;
  readonly status: number;
}

export interface ErrorJson {
  readonly error: {
    readonly message: string;
    readonly tried?: string;
    readonly seen?: string;
    readonly next: readonly string[];
    readonly status: number;
  };
}

/** The `--json` output of a run that created something. */
export const createdOf = (stdout: string): CreatedJson => JSON.parse(stdout) as CreatedJson;

/** The `--json` output of a run that did not create anything. */
export const failureOf = (stdout: string): ErrorJson => JSON.parse(stdout) as ErrorJson;

/** Without prompts, and only the files. */
export const FILES_ONLY = ['--yes', '--no-install', '--no-git', '--no-check'] as const;

/** Runs `create-kuflow-worker` in this process, without a terminal. `onHost` receives the host before the run. */
export async function createWorker(
  cwd: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onHost: (fake: FakeHost) => void = () => undefined,
): Promise<Ran> {
  const fake = fakeHost(args, { cwd, env });
  onHost(fake);
  const status = await runProgram(
    {
      name: 'create-kuflow-worker',
      description: 'Test',
      version: '9.9.9',
      invocation: 'npx create-kuflow-worker',
      command: createEntry,
      commands: [],
    },
    fake.host,
  );
  return { status, stdout: fake.stdout(), stderr: fake.stderr() };
}

/** Everything below a folder that a run could change: kind, mode, modification time in nanoseconds and contents of every path. */
export function stateOf(folder: string): ReadonlyMap<string, string> {
  const state = new Map<string, string>();
  for (const path of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()]) {
    const at = join(folder, path);
    const { mode, mtimeNs } = lstatSync(at, { bigint: true });
    const found = lstatSync(at);
    const contents = found.isFile() ? readFileSync(at, 'latin1') : found.isSymbolicLink() ? readlinkSync(at) : '';
    state.set(path, `${mode.toString(8)} ${mtimeNs} ${contents}`);
  }
  return state;
}
