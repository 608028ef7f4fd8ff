import { describe, expect, it } from 'vitest';
import { describeAllCommands } from '../../../../src/bin/describe-commands.ts';
import type { CommandDescription } from '../../../../src/cli/command-description.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

type Line = readonly [name: string, words: readonly string[]];

/** What is found at each command, with the words that lead to it. */
function linesOf(
  command: CommandDescription,
  find: (command: CommandDescription) => readonly (readonly string[])[],
  above: readonly string[] = [],
): readonly Line[] {
  const path = [...above, command.name];
  const own = find(command).map((more) => [...path, ...more]);
  return [
    ...own.map((words): Line => [words.join(' '), words]),
    ...command.commands.flatMap((below) => linesOf(below, find, path)),
  ];
}

const run = (words: readonly string[]): Promise<Ran> => runKuflow(temporaryFolder(), words);

const commands = await describeAllCommands();

describe('an option with a blank value', () => {
  const lines = commands.flatMap((command) =>
    linesOf(command, ({ options }) =>
      options.flatMap(({ long, value }) => (long === undefined || value === 'none' ? [] : [[long]])),
    ),
  );

  it('exists in many commands', () => expect(lines.length).toBeGreaterThan(80));

  it.each(lines)('is rejected by name with status 2: %s', async (_name, words) => {
    for (const blank of ['', ' \t']) {
      const { stderr, ...ended } = await run([...words, blank]);
      expect(stderr).toContain(`${words.at(-1) ?? ''} must `);
      expect(ended).toEqual({ status: 2, stdout: '' });
    }
  });
});

describe('a blank argument', () => {
  const lines = commands.flatMap((command) =>
    linesOf(command, (one) => {
      const required = one.arguments.filter(({ required, variadic }) => required && !variadic);
      return required.length === 0 ? [] : [required.map(() => ' ')];
    }),
  );

  it('exists in many commands', () => expect(lines.length).toBeGreaterThan(3));

  it.each(lines)('is rejected by name with status 2: %s', async (_name, words) => {
    const { stderr, ...ended } = await run(words);
    expect(stderr).toMatch(/^✖ <\S+> must /);
    expect(ended).toEqual({ status: 2, stdout: '' });
  });

  it('is rejected before the local KuFlow starts, if the argument is optional', async () => {
    const { status, stderr } = await run(['dev', 'simulate', '', '--', 'npm', 'start']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('process definition code is blank')]);
  });
});
