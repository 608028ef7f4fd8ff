import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_NAME } from './package-root.ts';

/** The command that starts `kuflow` in `folder`: short if it is installed in a project there, otherwise with this package's name. */
export function cliInvocation(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', '.bin', 'kuflow'))) return 'npx kuflow';
    if (dirname(at) === at) return `npx -p ${PACKAGE_NAME} kuflow`;
  }
}
