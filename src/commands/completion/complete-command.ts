import { basename } from 'node:path';
import type { Command } from 'commander';
import { configFolder } from '../../base/user-folders.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { answerShell } from './answer-shell.ts';
import type { Candidate, DynamicKind } from './complete-line.ts';
import type { CommandContext } from '../../cli/context.ts';
import { describeCommand, type CommandDescription } from '../../cli/command-description.ts';
import { loadCommands, createProgram, type RootProgram } from '../../cli/program.ts';

const TIMEOUT_MS = 1000;

/** What the scripts of `kuflow completion` call at each press of the key. */
export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<shell>')
    .argument('[given...]')
    .allowUnknownOption()
    .action(async (shell: string, given: string[]) => {
      await runComplete(shell, given, context);
    });
}

// Says nothing rather than an error: a shell would show it in the middle of the line.
async function runComplete(shell: string, given: readonly string[], context: CommandContext): Promise<void> {
  try {
    const lines = await answerShell(shell, given, {
      describe: (words) => describeProgram(words, context),
      lookUp: (kind, words) => lookUpCandidates(kind, words, context),
    });
    context.terminal.out.write(lines.map((line) => `${line}\n`).join(''));
  } catch {
    context.setStatus(1);
  }
}

async function describeProgram(words: readonly string[], context: CommandContext): Promise<CommandDescription> {
  const name = basename(words[0] ?? '').replace(/\.(?:c?js|cmd|exe|ps1)$/i, '');
  const create = context.commands.find((entry) => entry.name === 'create');
  const root: RootProgram = {
    name,
    description: '',
    version: context.version,
    invocation: context.invocation,
    commands: name === PACKAGE_NAME && create !== undefined ? create : context.commands,
  };
  const program = createProgram(root, context.terminal);
  // The root's own options take no values, so the first operand is the command's name.
  await loadCommands(
    root,
    program,
    context,
    words.slice(1, -1).find((word) => !word.startsWith('-')),
  );
  return describeCommand(program);
}

/** What is not there soon is not waited for; code of our own always is, however slow the machine. */
async function withTimeout<T>(looking: Promise<readonly T[]>): Promise<readonly T[]> {
  const late = new Promise<readonly T[]>((resolve) => setTimeout(() => resolve([]), TIMEOUT_MS).unref());
  return await Promise.race([looking, late]);
}

async function lookUpCandidates(
  kind: DynamicKind,
  words: readonly string[],
  context: CommandContext,
): Promise<readonly Candidate[]> {
  switch (kind) {
    case 'profiles': {
      const folder = configFolder(context.env);
      if (folder === undefined) return [];
      const { readProfileFile } = await import('../../profiles/file.ts');
      const profiles = await withTimeout(readProfileFile(folder).then((file) => file.profiles));
      return profiles.map(({ name, endpoint }) => ({ value: name, description: escapeForTerminal(endpoint, 80) }));
    }
    case 'checks': {
      const { explainAll } = await import('../../diagnostics/explanations/explain.ts');
      return explainAll().map(({ id, title }) => ({ value: id, description: title }));
    }
  }
  const {
    listProjectProcesses: processesHere,
    listCompletableProcesses: processesToOffer,
    listProjectTasks: tasksHere,
  } = await import('./processes.ts');
  const looking =
    kind === 'tasks'
      ? tasksHere(words, context.cwd)
      : kind === 'own-processes'
        ? processesHere(context.cwd)
        : processesToOffer(words, context);
  const found = await withTimeout(looking);
  return found.map(({ code, name = '' }) => ({ value: code, description: name }));
}
