import { execFileSync } from 'node:child_process';

/** The arguments that `sh` passes to `command` in each of the scripts, in order. The command itself is not run. */
export function shellArguments(command: string, scripts: readonly string[]): readonly (readonly string[])[] {
  const report = `${command}() { for word in "$@"; do printf '%s\\0' "$word"; done; printf '\\1\\0'; }`;
  const out = execFileSync('sh', ['-c', [report, ...scripts].join('\n')], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return out
    .split('\u0001\0')
    .slice(0, -1)
    .map((line) => line.split('\0').slice(0, -1));
}
