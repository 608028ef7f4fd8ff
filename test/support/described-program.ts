import { describeAllCommands } from '../../src/bin/describe-commands.ts';
import type { CommandDescription } from '../../src/cli/command-description.ts';

/** The description of `kuflow` with all its commands. */
export async function describedProgram(): Promise<CommandDescription> {
  return {
    name: 'kuflow',
    summary: '',
    description: '',
    usage: '',
    arguments: [],
    options: [],
    unlistedOptions: [],
    commands: await describeAllCommands(),
    helpAfter: '',
    passThrough: false,
  };
}
