import type { CommandContext } from '../../src/cli/context.ts';
import type { CreateFlags } from '../../src/commands/create/flags.ts';
import { requestOf } from '../../src/commands/create/request.ts';
import { answerCall } from '../../src/commands/create/wizard/answer.ts';
import { createProject, type CreateResult } from '../../src/commands/create/create-project.ts';
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
  const call = {
    ...(folder === undefined ? {} : { folder }),
    flags: { ...QUIET, ...flags },
    given: new Set([...Object.keys(flags), 'install', 'git'] as (keyof CreateFlags)[]),
  };
  const answered = await answerCall(call, ask, signal, context);
  if (left().length > 0)
    throw new Error(
      `never asked: ${left()
        .map(([question]) => question)
        .join(', ')}`,
    );
  const request = requestOf(answered.call, answered.connection, context);
  const result = await createProject(request, {
    version: context.version,
    env,
    signal,
    discover: answered.discovered ?? (() => Promise.reject(new Error('read twice'))),
    check: () => Promise.resolve({ kind: 'not-run', reason: 'not wanted' }),
    report: { scaffold: () => undefined, check: () => undefined, discovery: () => undefined },
  });
  return { result, said: fake.stderr().replace(/\s+/g, ' '), command: request.command };
}
