import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const ROOT_PROGRAM = {
  ...{ name: 'kuflow', description: '', version: '0.0.0', invocation: 'kuflow' },
  commands: kuflowEntries,
};
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
    expect(await runProgram(ROOT_PROGRAM, fake.host)).toBe(0);
    return fake.stdout();
  };
  expect(await printed(false, `node ${script}`)).toContain('# Limits\n');
  expect(existsSync(shown)).toBe(false);
  expect(await printed(true, 'no-such-pager')).toContain('# Limits');
  expect(await printed(true, `node ${script}`)).toBe('');
  expect(readFileSync(shown, 'utf8')).toContain('# Limits');
});

it('kuflow docs leaves Ctrl-C to the pager, and ends it when kuflow is ended', async () => {
  const started = join(folder(), 'started');
  const script = join(folder(), 'pager.cjs');
  writeFileSync(
    script,
    `setInterval(() => {}, 1000); require('fs').writeFileSync(${JSON.stringify(started)}, String(process.pid));`,
  );
  const fake = fakeHost(['docs', 'limits'], {
    tty: true,
    env: { PATH: process.env['PATH'], PAGER: `node ${script}` },
  });
  const running = runProgram(ROOT_PROGRAM, fake.host);
  await until('the pager runs', () => existsSync(started));
  fake.signal('SIGINT');
  expect(fake.exits).toEqual([]);
  fake.signal('SIGTERM');
  expect(await running).toBe(130);
});
