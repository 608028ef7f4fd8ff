import { openTerminal } from '../terminal/terminal.ts';
import type { CommandContext } from '../cli/context.ts';
import { describeCommand, type CommandDescription } from '../cli/command-description.ts';
import { loadCommands, createProgram, type RootProgram } from '../cli/program.ts';
import { kuflowEntries } from './commands.ts';

/** Describes every command of `kuflow` except hidden ones, for the pages of the docs. */
export async function describeAllCommands(): Promise<readonly CommandDescription[]> {
  const invocation = 'npx kuflow';
  const context: CommandContext = {
    terminal: openTerminal(process, {}),
    env: {},
    cwd: '/',
    version: '0.0.0',
    invocation,
    commands: kuflowEntries,
    argv: [],
    interruption: () => new AbortController().signal,
    passSignals: () => undefined,
    setStatus: () => undefined,
  };
  const descriptions: CommandDescription[] = [];
  for (const entry of kuflowEntries.filter(({ hidden }) => hidden !== true)) {
    const root: RootProgram = { name: 'kuflow', description: '', version: '0.0.0', invocation, commands: [entry] };
    const program = createProgram(root, context.terminal);
    await loadCommands(root, program, context, entry.name);
    const command = describeCommand(program).commands.find(({ name }) => name === entry.name);
    if (command === undefined) throw new Error(`The program does not have the command ${entry.name}`);
    descriptions.push(command);
  }
  return descriptions;
}
