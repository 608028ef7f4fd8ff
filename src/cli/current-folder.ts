import { codeOf } from '../base/errors.ts';

/** The current folder. If it has been deleted, prints an error and exits, because no command can work without it. */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    process.stderr.write('✖ The current folder no longer exists\n  → cd to another folder\n');
    process.exit(1);
  }
}
