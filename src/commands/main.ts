import { codeOf } from '../base/errors.ts';
import { runRoot, type Root } from './root.ts';

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });
}

/** Runs a root as this process and exits with its status once all output is out. */
export async function main(root: Root): Promise<never> {
  // A reader that went away (`| head`) must not change what the command does or how it ends.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (codeOf(error) !== 'EPIPE') throw error;
    });
  }
  const status = await runRoot(root, {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    exit: (code) => process.exit(code),
  });
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(status);
}
