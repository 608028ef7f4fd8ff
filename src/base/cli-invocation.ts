import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { PACKAGE_NAME } from './package-root.ts';
import { scriptPath, type CommandShell } from './shell.ts';

// Where npx, pnpm dlx, yarn dlx and bunx install a package for one run.
const TEMPORARY = /[\\/](?:_npx|dlx[^\\/]*|bunx-[^\\/]*)[\\/]/;
// A project without node_modules has its own script that runs this program.
const WRAPPER = 'kuflow';
const PROJECT_BIN = /[\\/]node_modules[\\/]\.bin[\\/]/;

/**
 * The command that starts `kuflow` in `folder`, for advice: as it was typed if `script`, the running program, is a `kuflow` on the PATH;
 * `npx kuflow` if it is installed in a project there, or the script `kuflow` of the project; otherwise with this package's name.
 */
export function cliInvocation(folder: string, script = process.argv[1] ?? '', shell?: CommandShell): string {
  const isOnPath = !TEMPORARY.test(script) && !PROJECT_BIN.test(script);
  if (isOnPath && basename(script) === 'kuflow') return 'kuflow';
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', '.bin', 'kuflow'))) return 'npx kuflow';
    if (existsSync(join(at, WRAPPER)) && existsSync(join(at, '.kuflow', 'project.json')))
      return scriptPath(WRAPPER, relative(folder, at), shell);
    if (dirname(at) === at) break;
  }
  // On Windows, a program on the PATH starts as the file in its package.
  return isOnPath && basename(script) === 'kuflow.js' ? 'kuflow' : `npx -p ${PACKAGE_NAME} kuflow`;
}
