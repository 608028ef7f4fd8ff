import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';

const run = (command, args) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/**
 * Finds or downloads the Temporal server for the tests, as the product does; needs a build. Sets KUFLOW_TEMPORAL_PATH and prints what was
 * found. Without a server, the tests that need it fail and name the ways to get one.
 */
export function provideTemporal(say = console.log) {
  try {
    const path =
      process.env.KUFLOW_TEMPORAL_PATH ??
      run(process.execPath, [join(ROOT, 'bin', 'kuflow.js'), 'dev', 'server-path'])
        .split('\n')
        .at(-1);
    process.env.KUFLOW_TEMPORAL_PATH = path;
    say(`Temporal: ${path}, ${run(path, ['--version'])}`);
  } catch (error) {
    say(`Temporal: none found\n${error.stderr || error.message}`);
  }
}
