import { describe, expect, it } from 'vitest';
import type { CommandDescription } from '../../../src/completion/command-description.ts';
import { describeAllCommands } from '../../../src/commands/describe-all.ts';
import { kuflowEntries } from '../../../src/commands/registry.ts';
import { runRoot } from '../../../src/commands/root.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

/** Every option that takes a value, with the command line that leads to it. */
function valued(command: CommandDescription, above: readonly string[] = []): readonly (readonly string[])[] {
  const path = [...above, command.name];
  return [
    ...command.options.flatMap(({ long, value }) => (long === undefined || value === 'none' ? [] : [[...path, long]])),
    ...command.commands.flatMap((below) => valued(below, path)),
  ];
}

const lines = (await describeAllCommands()).flatMap((command) => valued(command));

describe('an option whose value is blank', () => {
  it('is there to be tested in every command that takes any', () => {
    expect(new Set(lines.map(([name]) => name))).toContain('create');
    expect(lines.length).toBeGreaterThan(80);
  });

  it.each(lines.map((words) => [words.join(' '), words] as const))(
    'is refused by name, status 2: %s',
    async (_, words) => {
      const cwd = temporaryFolder();
      for (const blank of ['', ' \t']) {
        const fake = fakeHost([...words, blank], { cwd });
        const root = {
          name: 'kuflow',
          description: 'Test',
          version: '9.9.9',
          invocation: 'npx kuflow',
          commands: kuflowEntries,
        };
        const status = await runRoot(root, fake.host);
        expect(fake.stderr()).toMatch(new RegExp(`^error: option '${words.at(-1) ?? ''} .*(?:blank|invalid)`));
        expect({ status, stdout: fake.stdout() }).toEqual({ status: 2, stdout: '' });
      }
    },
  );
});
