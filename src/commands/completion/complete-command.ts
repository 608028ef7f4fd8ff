import { basename } from 'node:path';
import type { Command } from 'commander';
import { configFolder } from '../../base/user-folders.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { answerShell } from './answer-shell.ts';
import { optionValue, type Candidate } from './complete-line.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { CandidateSource } from '../../cli/value-candidates.ts';
import { describeCommand, type CommandDescription } from '../../cli/command-description.ts';
import type { KnownProcess } from '../../discovery/known-processes.ts';
import { loadCommands, createProgram, type RootProgram } from '../../cli/program.ts';

const TIMEOUT_MS = 1000;

/** `kuflow __complete`, which the completion scripts call each time the user presses Tab. */
export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<shell>')
    .argument('[args...]')
    .allowUnknownOption()
    .action(async (shell: string, args: string[]) => {
      await runComplete(shell, args, context);
    });
}

// Prints no errors, which a shell would show in the middle of the command line.
async function runComplete(shell: string, args: readonly string[], context: CommandContext): Promise<void> {
  try {
    const lines = await answerShell(shell, args, {
      describe: (words) => describeProgram(words, context),
      lookUp: (source, words) => lookUpCandidates(source, words, context),
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
  // The program's own options do not take values, so the first operand is the name of the command.
  await loadCommands(
    root,
    program,
    context,
    words.slice(1, -1).find((word) => !word.startsWith('-')),
  );
  return describeCommand(program);
}

/** Gives up on slow files and on a local KuFlow that does not answer after a second, so that Tab does not hang. Loading this package's own code is not limited. */
async function withTimeout<T>(lookup: Promise<readonly T[]>): Promise<readonly T[]> {
  const timeout = new Promise<readonly T[]>((resolve) => setTimeout(() => resolve([]), TIMEOUT_MS).unref());
  return await Promise.race([lookup, timeout]);
}

async function lookUpCandidates(
  source: CandidateSource,
  words: readonly string[],
  context: CommandContext,
): Promise<readonly Candidate[]> {
  switch (source) {
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
    case 'docs-topics': {
      const { listDocsPages } = await import('../../cli/docs-pages.ts');
      return listDocsPages().map(({ topic, title }) => ({ value: topic, description: title }));
    }
    case 'process-ids':
    case 'running-process-ids':
    case 'task-ids':
    case 'open-task-ids': {
      const { listRecordIds } = await import('./local-kuflow.ts');
      return await withTimeout(listRecordIds(source, localLookup(words, context)));
    }
    case 'users': {
      const { listLocalUsers } = await import('./local-kuflow.ts');
      return await withTimeout(listLocalUsers(localLookup(words, context)));
    }
    case 'served-processes':
    case 'served-tasks': {
      const [{ listServedProcesses, listServedTasks }, { listProjectProcesses }] = await Promise.all([
        import('./local-kuflow.ts'),
        import('./processes.ts'),
      ]);
      const list = source === 'served-processes' ? listServedProcesses : listServedTasks;
      const lookup = localLookup(words, context);
      const served = listProjectProcesses(context.cwd).then((defined) => list(defined, lookup));
      return (await withTimeout(served)).map(toCandidate);
    }
    case 'processes':
    case 'project-processes':
    case 'project-tasks': {
      const { listProjectProcesses, listCompletableProcesses, listProjectTasks } = await import('./processes.ts');
      const lookup =
        source === 'project-tasks'
          ? listProjectTasks(words, context.cwd)
          : source === 'project-processes'
            ? listProjectProcesses(context.cwd)
            : listCompletableProcesses(words, context);
      return (await withTimeout(lookup)).map(toCandidate);
    }
  }
}

const toCandidate = ({ code, name = '' }: KnownProcess): Candidate => ({ value: code, description: name });

const localLookup = (words: readonly string[], { cwd }: CommandContext) => ({
  cwd,
  stateDir: optionValue(words, '--state-dir'),
  signal: AbortSignal.timeout(TIMEOUT_MS),
});
