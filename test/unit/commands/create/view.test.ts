import { describe, expect, it } from 'vitest';
import type { CreateResult } from '../../../../src/commands/create/result.ts';
import { printCreated } from '../../../../src/commands/create/view.ts';
import { openTerminal } from '../../../../src/terminal/terminal.ts';
import { fakeHost } from '../../../support/fake-host.ts';

const COMMAND = `npx create-kuflow-worker loans ${'--task A_LONG_CODE_OF_A_TASK '.repeat(60)}--yes`;
const SUMMARY: CreateResult = {
  folder: '/elsewhere/loans',
  name: 'loans',
  language: 'typescript',
  process: { code: 'LOAN', source: 'sample', tasks: 2 },
  notes: ['The project is named loans, because the folder name has uppercase letters'],
  dryRun: false,
  files: [],
  outside: [],
  install: { kind: 'skipped' },
  git: { kind: 'skipped', reason: '--no-git' },
  check: {
    kind: 'impossible',
    reason: 'The Temporal server was not found on this machine and could not be downloaded',
    next: [COMMAND],
  },
  next: [
    { command: 'cd loans', text: 'go to the project' },
    { text: 'put client ID and secret of the application into application-local.yaml' },
    { command: 'npm run dev', text: 'run the local platform and the worker, reloaded on changes' },
    { command: COMMAND, text: 'repeat it' },
  ],
  command: COMMAND,
  status: 4,
};

function linesOf(isTTY: boolean): readonly string[] {
  const fake = fakeHost([], { tty: isTTY });
  Object.assign(fake.host.stderr, { columns: 40 });
  printCreated(openTerminal(fake.host, { NO_COLOR: '1' }), SUMMARY);
  expect(fake.stdout()).toBe('');
  return fake.stderr().trimEnd().split('\n');
}

describe('the output at the end of create', () => {
  it('wraps between words on a narrow terminal, except for commands', () => {
    const lines = linesOf(true);
    expect(lines.filter((line) => line.length > 39)).toEqual([`  ${COMMAND}`, `  ${COMMAND}`]);
    expect(lines.slice(lines.indexOf('Next:'))).toEqual([
      'Next:',
      '  cd loans     go to the project',
      '  put client ID and secret of the',
      '  application into',
      '  application-local.yaml',
      '  npm run dev',
      '      run the local platform and the',
      '      worker, reloaded on changes',
      `  ${COMMAND}`,
      '      repeat it',
    ]);
  });

  it('is not wrapped outside a terminal', () => {
    const lines = linesOf(false);
    expect(lines).toContain(`! ${SUMMARY.notes[0] ?? ''}`);
    expect(lines.slice(lines.indexOf('Next:') + 1)).toEqual(
      SUMMARY.next.map(({ command, text }) =>
        command === undefined ? `  ${text}` : `  ${command.padEnd('npm run dev'.length)}  ${text}`,
      ),
    );
  });
});
