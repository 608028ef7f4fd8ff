import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const folder = temporaryFolders();

it('kuflow docs shows a page in the pager of a terminal, but not in a pipe', async () => {
  const shown = join(folder(), 'shown.txt');
  const script = join(folder(), 'pager.cjs');
  writeFileSync(
    script,
    `process.stdin.pipe(require('fs').createWriteStream(${JSON.stringify(shown)})); process.exitCode = 3;`,
  );
  const printed = async (tty: boolean, PAGER: string): Promise<string> => {
    const fake = fakeHost(['docs', 'limits'], { tty, env: { PATH: process.env['PATH'], PAGER } });
    const root = { name: 'kuflow', description: '', version: '0.0.0', invocation: 'kuflow', commands: kuflowEntries };
    expect(await runProgram(root, fake.host)).toBe(0);
    return fake.stdout();
  };
  expect(await printed(false, `node ${script}`)).toContain('# Limits\n');
  expect(existsSync(shown)).toBe(false);
  expect(await printed(true, 'no-such-pager')).toContain('# Limits');
  expect(await printed(true, `node ${script}`)).toBe('');
  expect(readFileSync(shown, 'utf8')).toContain('# Limits');
});
