import { codeOf } from '../base/errors.ts';

/** The folder that this process was started in. Where that was deleted meanwhile, says so and ends the process: no command can do without. */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    process.stderr.write('✖ The folder that this was started in is not there any more\n  next   cd to another one\n');
    process.exit(1);
  }
}
