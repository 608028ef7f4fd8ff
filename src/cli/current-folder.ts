import { codeOf } from '../base/errors.ts';
import { marksFor } from '../terminal/marks.ts';

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
