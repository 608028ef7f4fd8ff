import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import type { CommandContext } from '../../cli/context.ts';

export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: 'kuflow.bash',
  zsh: 'kuflow.zsh',
  fish: 'kuflow.fish',
  powershell: 'kuflow.ps1',
};

/** `kuflow completion <shell>`: prints the script to stdout. The build copies the scripts into dist/. */
export function runCompletion(shell: Shell, _flags: object, { terminal }: CommandContext): void {
  terminal.out.write(readFileSync(join(packageRoot(), 'dist', 'completions', SCRIPTS[shell]), 'utf8'));
}
