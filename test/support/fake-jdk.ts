import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes `home` a folder for JAVA_HOME whose compiler only prints its version. `java` is the script of `java`, if it does more. */
export function writeFakeJdk(home: string, version: string, java?: string): string {
  mkdirSync(join(home, 'bin'), { recursive: true });
  for (const program of ['java', 'javac']) {
    const script = program === 'java' && java !== undefined ? java : `echo "${program} ${version}"`;
    writeFileSync(join(home, 'bin', program), `#!/bin/sh\n${script}\n`);
    chmodSync(join(home, 'bin', program), 0o755);
  }
  return home;
}
