import type { CommandContext } from '../../src/cli/context.ts';
import type { CreateFlags } from '../../src/commands/create/answers.ts';
import type { CreateResult } from '../../src/commands/create/result.ts';
import { createProject } from '../../src/commands/create/run.ts';
import { openTerminal } from '../../src/terminal/terminal.ts';
import { fakeHost } from './fake-host.ts';
import { scriptedAnswers, type ScriptedAnswer } from './scripted-answers.ts';

const QUIET: CreateFlags = { install: false, git: false, check: false, packageManager: 'npm' };

export const WHICH = 'Which process is the worker for?';

export interface WizardCall {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly script: readonly ScriptedAnswer[];
  /** Options of the command line. */
  readonly flags?: Partial<CreateFlags>;
  readonly folder?: string;
}

export interface Made {
  readonly result: CreateResult;
  /** Everything printed between the questions, as one line. */
  readonly said: string;
  readonly command: string;
}

/** Answers the prompts of a command, then creates the project as `create` does, in this process. */
export async function makeByWizard({ cwd, env, script, flags = {}, folder }: WizardCall): Promise<Made> {
  const fake = fakeHost([], { cwd, env });
  const signal = new AbortController().signal;
  const context: CommandContext = {
    terminal: openTerminal(fake.host, env),
    env,
    cwd,
    version: '9.9.9',
    invocation: 'npx create-kuflow-worker',
    commands: [],
    argv: [],
    interruption: () => signal,
    passSignals: () => undefined,
    setStatus: () => undefined,
  };
  const { ask, left } = scriptedAnswers(script);
  const { result } = await createProject({ ...QUIET, ...flags, folder }, ask, context);
  if (left().length > 0)
    throw new Error(
      `never asked: ${left()
        .map(([question]) => question)
        .join(', ')}`,
    );
  return { result, said: fake.stderr().replace(/\s+/g, ' '), command: result.command };
}
