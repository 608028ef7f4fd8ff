import { basename } from 'node:path';
import { configFolder } from '../../base/user-folders.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { bashReplacement, parseBashLine } from './bash-line.ts';
import { completeLine, optionValue, type Candidate } from './complete-line.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { CandidateSource } from '../../cli/value-candidates.ts';
import { describeCommand, type CommandDescription } from '../../cli/command-description.ts';
import type { KnownProcess } from '../../discovery/known-processes.ts';
import { loadCommands, createProgram, type RootProgram } from '../../cli/program.ts';

const TIMEOUT_MS = 1000;

// Prints no errors, which a shell would show in the middle of the command line.
export async function runComplete(shell: string, args: readonly string[], context: CommandContext): Promise<void> {
  try {
    const lines = await answerShell(shell, args, context);
    context.terminal.out.write(lines.map((line) => `${line}\n`).join(''));
  } catch {
    context.setStatus(1);
  }
}

/**
 * The answer to a completion script, as lines. The first line is `words`, `files`, `folders` or `command`, followed by the part of the current
 * word to keep (`--definition=`) or, for `command`, by the index of the word where the other command starts. After `words`, there is one line
 * per candidate, in the format of that shell's script. `args` are the arguments of the script: for bash, its word breaks and the line up to
 * the cursor; for other shells, the words up to the cursor. PowerShell puts a `=` before each word.
 */
async function answerShell(
  shell: string,
  args: readonly string[],
  context: CommandContext,
): Promise<readonly string[]> {
  if (shell === 'bash') {
    const [breaks = '', line = ''] = args;
    const parsed = parseBashLine(line, breaks);
    const words = parsed.words[0] === 'npx' ? parsed.words.slice(1) : parsed.words;
    const { first, candidates, prefix } = await findCandidates(words, context);
    const replacements = candidates.flatMap(({ value }) => {
      const word = prefix + value;
      return word.startsWith(words.at(-1) ?? '') ? (bashReplacement(word, parsed) ?? []) : [];
    });
    return [first, ...replacements];
  }
  const words = shell === 'powershell' ? args.map((word) => word.slice(1)) : args;
  const { first, candidates, prefix } = await findCandidates(words, context);
  if (shell === 'zsh') return [first, ...candidates.map(zshLine)];
  // fish filters by itself, and matches more than prefixes.
  const matching = candidates.filter(
    ({ value }) => shell === 'fish' || `${prefix}${value}`.startsWith(words.at(-1) ?? ''),
  );
  return [first, ...matching.map(({ value, description = '' }) => `${prefix}${value}\t${description}`)];
}

// `_describe` splits at the first colon and removes one level of backslashes.
function zshLine({ value, description }: Candidate): string {
  const escaped = value.replace(/[\\:]/g, '\\$&');
  return description === undefined || description === '' ? escaped : `${escaped}:${description}`;
}

async function findCandidates(words: readonly string[], context: CommandContext) {
  const completion = completeLine(await describeProgram(words, context), words);
  if (completion.kind === 'command') return { first: `command ${completion.at}`, prefix: '', candidates: [] };
  const { kind, prefix } = completion;
  if (kind === 'files' || kind === 'folders') return { first: `${kind} ${prefix}`, prefix, candidates: [] };
  const candidates = kind === 'words' ? completion.candidates : await lookUpCandidates(kind, words, context);
  return { first: `words ${prefix}`, prefix, candidates };
}

async function describeProgram(words: readonly string[], context: CommandContext): Promise<CommandDescription> {
  const name = basename(words[0] ?? '').replace(/\.(?:c?js|cmd|exe|ps1)$/i, '');
  const create = context.commands.find((entry) => entry.name === 'create');
  const root: RootProgram = {
    name,
    description: '',
    version: context.version,
    invocation: context.invocation,
    ...(name === PACKAGE_NAME && create !== undefined
      ? { command: create, commands: [] }
      : { commands: context.commands }),
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

/**
 * Gives up on slow files and on a local KuFlow that does not answer after a second, so that Tab does not hang. Loading this package's own code is not
 * limited.
 */
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
      const { listRecordIds } = await import('./local-candidates.ts');
      return await withTimeout(listRecordIds(source, localLookup(words, context)));
    }
    case 'users': {
      const { listLocalUsers } = await import('./local-candidates.ts');
      return await withTimeout(listLocalUsers(localLookup(words, context)));
    }
    case 'served-processes':
    case 'served-tasks': {
      const [{ listServedProcesses, listServedTasks }, { listProjectProcesses }] = await Promise.all([
        import('./local-candidates.ts'),
        import('./process-candidates.ts'),
      ]);
      const list = source === 'served-processes' ? listServedProcesses : listServedTasks;
      const lookup = localLookup(words, context);
      const served = listProjectProcesses(context.cwd).then((defined) => list(defined, lookup));
      return (await withTimeout(served)).map(toCandidate);
    }
    case 'processes':
    case 'project-processes':
    case 'project-tasks': {
      const { listProjectProcesses, listCompletableProcesses, listProjectTasks } =
        await import('./process-candidates.ts');
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
