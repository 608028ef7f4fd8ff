import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { expandHome } from '../../../base/user-folders.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import { BACK } from '../../../terminal/prompts.ts';
import type { ProcessSource } from '../call.ts';
import { foundText, secretGiven } from './credential-steps.ts';
import { settle, withFlags, type Step, type WizardState, type WizardContext } from './state.ts';

const DEFINITION_FILE = 'kuflow.process.yaml';

const source: Step = {
  topic: 'source',
  isOpen: (state) => state.source === undefined,
  run: async (state, world, { canGoBack, before }) => {
    const here = existsSync(resolve(world.cwd, DEFINITION_FILE));
    // Whoever names credentials wants them used, which the sample never does.
    const named = state.flags.clientId !== undefined || secretGiven(state);
    const answer = await world.ask.choose<ProcessSource>({
      message: 'Which process is the worker for?',
      canGoBack,
      fallback: (before ?? (here ? 'file' : named ? 'api' : 'sample')) as ProcessSource,
      choices: [
        ...(named
          ? []
          : [
              {
                value: 'sample',
                name: 'A sample process',
                description: 'On the local platform; no account is needed',
              } as const,
            ]),
        { value: 'api', name: 'One that runs in KuFlow', description: 'Its tasks are read from the API' },
        { value: 'flags', name: 'One that I describe now', description: 'By the codes and kinds of its tasks' },
        {
          value: 'file',
          name: 'One described in a file',
          description: `${DEFINITION_FILE}: tasks and shapes of their data, as JSON Schema`,
        },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    const next: WizardState = { ...state, source: answer };
    return { kind: 'answered', answer, state: answer === 'sample' ? withFlags(next, { local: true }) : next };
  },
};

const read = (state: WizardState, world: WizardContext, definition: ProcessDefinition): WizardState => {
  const { process, tasks } = definition;
  world.say.done(`${process.code}: ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`);
  return { ...state, definition };
};

const file: Step = {
  topic: 'file',
  isOpen: (state) => state.source === 'file' && state.definition === undefined,
  run: async (state, world, { canGoBack, before }) => {
    const given = state.flags.definition;
    if (given !== undefined && world.given.has('definition')) {
      // Whoever named it on the command line mends it there: its mistakes end the wizard.
      return { kind: 'passed', state: read(state, world, await world.loadDefinition(resolve(world.cwd, given))) };
    }
    let definition: WizardState['definition'];
    const atHome = (text: string): string => expandHome(text, world.env);
    const answer = await world.ask.text({
      message: 'Definition file',
      canGoBack,
      fallback: before ?? DEFINITION_FILE,
      validate: (text) => (existsSync(resolve(world.cwd, atHome(text))) ? undefined : 'There is no such file'),
      validateAsync: async (text) => {
        try {
          definition = await world.loadDefinition(resolve(world.cwd, atHome(text)));
          return undefined;
        } catch (error) {
          if (error instanceof KnownError) return error.message;
          throw error;
        }
      },
    });
    if (answer === BACK || definition === undefined) return { kind: 'back' };
    return {
      kind: 'answered',
      answer,
      state: withFlags(read(state, world, definition), { definition: atHome(answer) }),
    };
  },
};

const account: Step = {
  topic: 'account',
  isOpen: (state) =>
    (state.source === 'file' || state.source === 'flags') &&
    state.flags.local !== true &&
    state.flags.clientId === undefined &&
    !secretGiven(state) &&
    !state.settled.has('account') &&
    !state.settled.has('credentials'),
  run: async (state, world, { canGoBack, before }) => {
    const found = world.found();
    const answer = await world.ask.choose<'local' | 'account' | 'later'>({
      message: 'Where will the worker run first?',
      canGoBack,
      fallback: (before ?? 'local') as 'local',
      choices: [
        {
          value: 'local',
          name: 'On the local platform',
          description: 'No account is needed; it can be connected later',
        },
        {
          value: 'account',
          name: 'At KuFlow, with an application',
          description:
            found === undefined
              ? 'Its client id and secret are asked for now'
              : `Its client id and secret are in ${foundText(found)}`,
        },
        { value: 'later', name: 'At KuFlow, credentials come later' },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    if (answer === 'account') return { kind: 'answered', answer, state: settle(state, 'account') };
    const settled = settle(state, 'credentials');
    return { kind: 'answered', answer, state: answer === 'local' ? withFlags(settled, { local: true }) : settled };
  },
};

/** Where the process comes from. */
export const sourceSteps: readonly Step[] = [source, file, account];
