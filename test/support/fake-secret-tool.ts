import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface FakeSecretTool {
  /** A PATH that starts with its folder. */
  readonly PATH: string;
  /** Command line and environment of each call, from `/proc`; empty when it was never called. */
  seen(): string;
  /** Everything it read in all calls. */
  read(): string;
  /** The pid of the process it left running. */
  readonly pidFile: string;
}

/** `works`: stores one secret in a file. `hangs`: like a locked keychain without a screen. `refuses`: fails, repeating what it read. */
export function fakeSecretTool(folder: string, how: 'works' | 'hangs' | 'refuses' | 'forgets'): FakeSecretTool {
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('bin'));
  const body = {
    works: `case "$1" in
store) tee -a ${at('read')} > ${at('kept')} ;;
lookup) [ -f ${at('kept')} ] || exit 1; cat ${at('kept')} ;;
clear) rm -f ${at('kept')} ;;
esac`,
    hangs: `sleep 600 & echo $! > ${at('pid')}; wait`,
    refuses: `cat | tee -a ${at('read')} >&2; exit 1`,
    forgets: `case "$1" in store) cat > /dev/null ;; *) exit 1 ;; esac`,
  }[how];
  const script = `#!/bin/sh
tr '\\0' ' ' < /proc/$$/cmdline >> ${at('seen')}; tr '\\0' ' ' < /proc/$$/environ >> ${at('seen')}
${body}
`;
  writeFileSync(join(at('bin'), 'secret-tool'), script);
  chmodSync(join(at('bin'), 'secret-tool'), 0o755);
  const content = (name: string): string => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '');
  return {
    PATH: [at('bin'), process.env['PATH'] ?? ''].join(delimiter),
    seen: () => content('seen'),
    read: () => content('read'),
    pidFile: at('pid'),
  };
}
