import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { BACK } from '../../terminal/prompts.ts';
import type { Source } from '../create-call.ts';
import {
  settle,
  without,
  withFlags,
  withoutFlags,
  type Step,
  type WizardState,
  type WizardWorld,
} from './wizard-state.ts';

const DEFINITION_FILE = 'kuflow.process.yaml';

/** Whether KuFlow's API will be asked something. */
function needsAccount(state: WizardState): boolean {
  if (state.source === undefined || state.source === 'sample') return false;
  return (
    state.source === 'api' || state.settled.has('account') || state.flags.clientId !== undefined || secretGiven(state)
  );
}

function secretGiven({ flags, secret }: WizardState): boolean {
  const given = [secret, flags.profile, flags.clientSecretFile, flags.clientSecretStdin];
  return given.some((value) => value !== undefined);
}

const source: Step = {
  topic: 'source',
  isOpen: (state) => state.source === undefined,
  run: async (state, world, { canGoBack, before }) => {
    const here = existsSync(resolve(world.cwd, DEFINITION_FILE));
    const answer = await world.ask.choose<Source>({
      message: 'Which process is the worker for?',
      canGoBack,
      fallback: (before ?? (here ? 'file' : 'sample')) as Source,
      choices: [
        { value: 'sample', name: 'A sample process', description: 'On the local platform; no account is needed' },
        { value: 'api', name: 'One that runs in KuFlow', description: 'Its tasks are read from the API' },
        { value: 'flags', name: 'One that I describe now', description: 'By the codes and kinds of its tasks' },
        {
          value: 'file',
          name: `One described in a file (${DEFINITION_FILE})`,
          description: 'Tasks and shapes of their data, as JSON Schema',
        },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    const next: WizardState = { ...state, source: answer };
    return { kind: 'answered', answer, state: answer === 'sample' ? withFlags(next, { local: true }) : next };
  },
};

const read = (state: WizardState, world: WizardWorld, definition: ProcessDefinition): WizardState => {
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
    const answer = await world.ask.text({
      message: 'Definition file',
      canGoBack,
      fallback: before ?? DEFINITION_FILE,
      problem: (text) => (existsSync(resolve(world.cwd, text)) ? undefined : 'There is no such file'),
      check: async (text) => {
        try {
          definition = await world.loadDefinition(resolve(world.cwd, text));
          return undefined;
        } catch (error) {
          if (error instanceof KnownError) return error.message;
          throw error;
        }
      },
    });
    if (answer === BACK || definition === undefined) return { kind: 'back' };
    return { kind: 'answered', answer, state: withFlags(read(state, world, definition), { definition: answer }) };
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
          name: 'At KuFlow, with the credentials of an application',
          description:
            world.credentialsIn === undefined ? 'They are asked for now' : `They are in ${world.credentialsIn}`,
        },
        { value: 'later', name: 'At KuFlow, and I enter the credentials later' },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    if (answer === 'account') return { kind: 'answered', answer, state: settle(state, 'account') };
    const settled = settle(state, 'credentials');
    return { kind: 'answered', answer, state: answer === 'local' ? withFlags(settled, { local: true }) : settled };
  },
};

const clientId: Step = {
  topic: 'client-id',
  isOpen: (state, { credentialsIn }) =>
    needsAccount(state) &&
    state.flags.clientId === undefined &&
    state.flags.profile === undefined &&
    (credentialsIn === undefined || secretGiven(state)),
  run: async (state, world, { canGoBack, before }) => {
    const answer = await world.ask.text({
      message: 'Client id of the application',
      hint: "In KuFlow's app: Settings > Applications. It goes to application-local.yaml, which git ignores.",
      canGoBack,
      ...(before === undefined ? {} : { fallback: before }),
      problem: (text) => (/\s/.test(text) ? 'It holds no spaces' : undefined),
    });
    if (answer === BACK) return { kind: 'back' };
    return { kind: 'answered', answer, state: withFlags(state, { clientId: answer }) };
  },
};

const clientSecret: Step = {
  topic: 'client-secret',
  isOpen: (state) => needsAccount(state) && state.flags.clientId !== undefined && !secretGiven(state),
  run: async (state, world, { canGoBack }) => {
    const answer = await world.ask.secret({ message: 'Client secret (token) of the application', canGoBack });
    return answer === BACK ? { kind: 'back' } : { kind: 'answered', state: { ...state, secret: answer } };
  },
};

type WayOn = 'again' | 'retype' | 'endpoint' | 'skip';

/** Looked at as soon as they are there: a wrong character is best mended while the page with the right ones is open. */
const credentials: Step = {
  topic: 'credentials',
  isOpen: (state) => needsAccount(state) && !state.settled.has('credentials'),
  run: async (state, world, { canGoBack }) => {
    try {
      world.say.done(await world.verify(state));
      return { kind: 'passed', state: settle(state, 'credentials') };
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      world.say.problem(error);
    }
    const { clientId: id, profile } = state.flags;
    const typed = [state.secret, id, profile].some((value) => value !== undefined);
    const answer = await world.ask.choose<WayOn>({
      message: 'How to go on?',
      canGoBack,
      choices: [
        ...(typed ? [{ value: 'retype', name: 'Enter client id and secret again' } as const] : []),
        { value: 'again', name: 'Try again' },
        { value: 'endpoint', name: "Enter another address of KuFlow's REST API" },
        { value: 'skip', name: 'Go on: I describe the process, and mend this later' },
      ],
    });
    switch (answer) {
      case BACK:
        return { kind: 'back' };
      case 'again':
        return { kind: 'passed', state };
      case 'retype': {
        const cleared = withoutFlags(without(state, ['secret']), [
          'profile',
          'clientId',
          'clientSecretFile',
          'clientSecretStdin',
        ]);
        return { kind: 'answered', state: cleared };
      }
      case 'endpoint':
        return askForEndpoint(state, world);
      case 'skip': {
        const settled = settle(state, 'credentials');
        return { kind: 'answered', state: state.source === 'api' ? { ...settled, source: 'flags' } : settled };
      }
    }
  },
};

async function askForEndpoint(state: WizardState, world: WizardWorld): ReturnType<Step['run']> {
  const answer = await world.ask.text({
    message: "Address of KuFlow's REST API",
    fallback: state.flags.endpoint ?? 'https://api.kuflow.com',
    problem: (text) => (/^https?:\/\/[^/\s]+/.test(text) ? undefined : 'It starts with https:// and a host name'),
    canGoBack: true,
  });
  return answer === BACK
    ? { kind: 'passed', state }
    : { kind: 'answered', state: withFlags(state, { endpoint: answer }) };
}

/** Where the process comes from, and whose account it is. */
export const sourceSteps: readonly Step[] = [source, file, account, clientId, clientSecret, credentials];
