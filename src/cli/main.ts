import { codeOf } from '../base/errors.ts';
import type { RootProgram } from './program.ts';
import { runProgram } from './run-program.ts';
import { marksFor } from '../terminal/terminal.ts';

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });
}

/** Runs a program as this process, and exits with its status once all output is flushed. */
export async function main(root: RootProgram): Promise<never> {
  const opened = new Set<NodeJS.WriteStream>();
  const open = (stream: NodeJS.WriteStream): NodeJS.WriteStream => {
    if (opened.has(stream)) return stream;
    opened.add(stream);
    // A closed reader (`| head`: EPIPE, a closed terminal: EIO) must not change what the command does or its exit status.
    return stream.on('error', (error) => {
      if (!['EPIPE', 'EIO'].includes(codeOf(error) ?? '')) throw error;
    });
  };
  const status = await runProgram(root, {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: currentFolder(),
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return open(process.stdout);
    },
    get stderr() {
      return open(process.stderr);
    },
    signals: process,
    exit: (code) => process.exit(code),
  });
  await Promise.all([...opened].map(flush));
  process.exit(status);
}

/** The current folder. If it has been deleted, prints an error and exits, because no command can work without it. */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const { failed, step } = marksFor(process.platform, process.env);
    process.stderr.write(`${failed} The current folder no longer exists\n  ${step} cd to another folder\n`);
    process.exit(1);
  }
}
