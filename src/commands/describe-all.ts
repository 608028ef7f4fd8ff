import type { CommandDescription } from '../completion/command-description.ts';
import { openTerminal } from '../terminal/terminal.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import { loadCommands, newProgram, type Root } from './program.ts';
import { kuflowEntries } from './registry.ts';

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
    const root: Root = { name: 'kuflow', description: '', version: '0.0.0', invocation, commands: [entry] };
    const program = newProgram(root, context.terminal);
    await loadCommands(root, program, context, entry.name);
    const command = describeCommand(program).commands.find(({ name }) => name === entry.name);
    if (command === undefined) throw new Error(`${entry.name} is no command of its own program`);
    described.push(command);
  }
  return described;
}
