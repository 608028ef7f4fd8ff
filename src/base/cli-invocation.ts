import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_NAME } from './package-root.ts';

/** How a person starts `kuflow` from `folder`: by its short name where a project has it installed, else through this package. */
export function cliInvocation(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', '.bin', 'kuflow'))) return 'npx kuflow';
    if (dirname(at) === at) return `npx -p ${PACKAGE_NAME} kuflow`;
  }
}
