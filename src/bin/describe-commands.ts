import { openTerminal } from '../terminal/terminal.ts';
import type { CommandContext } from '../cli/context.ts';
import { describeCommand, type CommandDescription } from '../cli/command-description.ts';
import { loadCommands, createProgram, type RootProgram } from '../cli/program.ts';
import { kuflowEntries } from './commands.ts';

/** Every command of `kuflow` in full, those left out that its help leaves out; for the pages of the docs. */
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
  const described: CommandDescription[] = [];
  for (const entry of kuflowEntries.filter(({ hidden }) => hidden !== true)) {
    const root: RootProgram = { name: 'kuflow', description: '', version: '0.0.0', invocation, commands: [entry] };
    const program = createProgram(root, context.terminal);
    await loadCommands(root, program, context, entry.name);
    const command = describeCommand(program).commands.find(({ name }) => name === entry.name);
    if (command === undefined) throw new Error(`${entry.name} is no command of its own program`);
    described.push(command);
  }
  return described;
}
