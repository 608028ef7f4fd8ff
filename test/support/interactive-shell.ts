import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { installedBin } from './generated-project.ts';
import { until } from './until.ts';

export type TestedShell = 'bash' | 'zsh' | 'fish';

/** A program as the shell started it. */
export interface Started {
  readonly program: string;
  readonly args: readonly string[];
}

export interface InteractiveShell {
  /** Types keys (`\t` completes, `\r` runs) and returns the recorded programs that the shell started. */
  readonly run: (keys: string) => Promise<Started>;
  /** Types keys and waits until the terminal shows something. A shell that has more keys to read does not list candidates. */
  readonly show: (keys: string, wanted: RegExp) => Promise<void>;
  /** Everything the terminal showed. */
  readonly screen: () => string;
  close(): Promise<void>;
}

/** Whether a shell can be started here. */
export function hasShell(shell: TestedShell): boolean {
  return spawnSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' }).status === 0;
}

const BARE: Readonly<Record<TestedShell, readonly string[]>> = {
  bash: ['--norc', '--noprofile', '-i'],
  zsh: ['-f', '-i'],
  fish: ['--no-config', '-i'],
};

const SOURCE: Readonly<Record<TestedShell, string>> = {
  bash: 'source <(kuflow completion bash)',
  zsh: 'autoload -Uz compinit; compinit -u -D; source <(kuflow completion zsh)',
  fish: 'kuflow completion fish | source',
};

/**
 * A shell in its own terminal, without any user configuration, that has sourced the completion of the packed package. In its PATH are
 * programs that only record how they were started: `kuflow`, which still answers completion requests, and those in `programs`.
 */
export async function startInteractiveShell(
  shell: TestedShell,
  options: { readonly folder: string; readonly cwd: string; readonly programs: readonly string[] },
): Promise<InteractiveShell> {
  const { folder, cwd } = options;
  const bin = join(folder, 'bin');
  const home = join(folder, 'home');
  const record = join(folder, 'started');
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(home, '.config', 'fish'), { recursive: true });
  const recorder = join(folder, 'record.cjs');
  writeFileSync(
    recorder,
    `require('node:fs').appendFileSync(${JSON.stringify(record)}, JSON.stringify({ program: process.argv[2], args: process.argv.slice(3) }) + '\\n');\n`,
  );
  writeFileSync(record, '');
  const recorded = (name: string): string => `exec '${process.execPath}' '${recorder}' '${name}' "$@"\n`;
  const real = `case $1 in completion | __complete) exec '${process.execPath}' '${installedBin('kuflow')}' "$@" ;; esac\n`;
  for (const name of ['kuflow', ...options.programs]) {
    const body = `#!/bin/sh\n${name === 'kuflow' ? real : ''}${recorded(name)}`;
    writeFileSync(join(bin, name), body, { mode: 0o755 });
  }
  const terminal = pty.spawn(shell, [...BARE[shell]], {
    cols: 200,
    rows: 40,
    cwd,
    env: {
      PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: home,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
    },
  });
  let screen = '';
  terminal.onData((data) => (screen += data));
  const exited = new Promise<void>((resolve) => terminal.onExit(() => resolve()));
  const started = (): readonly Started[] =>
    readFileSync(record, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Started);
  const run = async (keys: string): Promise<Started> => {
    const before = started().length;
    terminal.write(keys);
    return await until(
      `${shell} starts what ${JSON.stringify(keys)} makes: ${screen.slice(-300)}`,
      () => started()[before],
      20_000,
    );
  };
  terminal.write(`${SOURCE[shell]}\r`);
  await run('kuflow ready\r');
  return {
    run,
    show: async (keys, wanted) => {
      terminal.write(keys);
      await until(`${shell} shows ${wanted.source}`, () => wanted.test(screen), 20_000);
    },
    screen: () => screen,
    close: async () => {
      // An interactive bash can miss a SIGHUP.
      terminal.kill('SIGKILL');
      await exited;
    },
  };
}
