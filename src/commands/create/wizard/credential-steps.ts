import { KnownError } from '../../../base/errors.ts';
import { isUuid } from '../../../base/uuid.ts';
import type { DetectedCredentials } from '../../../connection/detect-credentials.ts';
import { BACK } from '../../../terminal/prompts.ts';
import { describeInstead } from './process-steps.ts';
import { settle, withAnswers, type Step, type WizardState, type WizardContext } from './state.ts';

/** A worker reads no profiles: without an answer the project would start without credentials. */
const profile: Step = {
  topic: 'profile',
  isOpen: (state, { credentials }) =>
    credentials.kind === 'detected' && credentials.place.kind === 'profile' && !state.settled.has('profile'),
  run: async (state, context, { canGoBack, before, credentials }) => {
    const name = credentials.kind === 'detected' ? credentials.place.name : '';
    const answer = await context.ask.choose<'write' | 'read' | 'type'>({
      message: `Client id and secret of the profile ${name}`,
      canGoBack,
      fallback: (before ?? 'write') as 'write',
      choices: [
        {
          value: 'write',
          name: 'Take them, for the worker too',
          description: 'They go to its application-local.yaml, which git ignores: a worker reads no profiles',
        },
        ...(state.answers.source === 'api'
          ? [{ value: 'read', name: 'Only read the process with them', description: 'The project gets none' } as const]
          : []),
        { value: 'type', name: 'I enter others' },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    const next = settle(state, 'profile');
    if (answer === 'type') return { kind: 'answered', answer, state: await typedInstead(next, context) };
    return { kind: 'answered', answer, state: answer === 'write' ? withAnswers(next, { profile: name }) : next };
  },
};

const clientId: Step = {
  topic: 'client-id',
  isOpen: ({ answers }, { missing }) => missing.has('client-id') && answers.profile === undefined,
  run: async (state, context, { canGoBack, before }) => {
    const answer = await context.ask.text({
      message: 'Client id of the application',
      hint: "In KuFlow's app: Settings > Applications. It goes to application-local.yaml, which git ignores.",
      canGoBack,
      ...(before === undefined ? {} : { fallback: before }),
      // A secret that is pasted here must stay neither on the screen nor in the project.
      isSecret: (text) => !/^[0-9a-f-]{0,36}$/i.test(text),
      validate: (text) =>
        /^[0-9a-f-]{0,36}$/i.test(text) ? undefined : 'It is no UUID; the secret is asked for after it',
      validateAsync: (text) => Promise.resolve(isUuid(text) ? undefined : 'It is not a whole UUID'),
    });
    if (answer === BACK) return { kind: 'back' };
    return { kind: 'answered', answer, state: withAnswers(state, { clientId: answer }) };
  },
};

const clientSecret: Step = {
  topic: 'client-secret',
  isOpen: ({ answers }, { missing }) => missing.has('client-secret') && answers.profile === undefined,
  run: async (state, context, { canGoBack }) => {
    const answer = await context.ask.secret({ message: 'Client secret (token) of the application', canGoBack });
    return answer === BACK ? { kind: 'back' } : { kind: 'answered', state: withAnswers(state, { secret: answer }) };
  },
};

type WayOn = 'again' | 'retype' | 'endpoint' | 'skip';

/** Looked at as soon as they are there: a wrong character is best mended while the page with the right ones is open. */
const credentials: Step = {
  topic: 'credentials',
  isOpen: (state, { credentials: choice }) => choice.kind !== 'not-needed' && !state.settled.has('credentials'),
  run: async (state, context, { canGoBack, credentials: choice }) => {
    try {
      context.say.done(await context.verify(state.answers));
      const over = choice.kind === 'given' ? variablesOver(state, context) : undefined;
      if (over !== undefined) context.say.note(over);
      return { kind: 'passed', state: settle(state, 'credentials') };
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      context.say.problem(error);
    }
    const answer = await context.ask.choose<WayOn>({
      message: 'How to go on?',
      canGoBack,
      choices: [
        choice.kind === 'detected'
          ? {
              value: 'retype',
              name: 'Enter client id and secret',
              description: `In place of those of ${detectedText(choice.place)}`,
            }
          : { value: 'retype', name: 'Enter client id and secret again' },
        { value: 'again', name: 'Try again' },
        { value: 'endpoint', name: 'Enter another address of KuFlow' },
        { value: 'skip', name: 'Describe the process, mend this later' },
      ],
    });
    switch (answer) {
      case BACK:
        return { kind: 'back' };
      case 'again':
        await context.detectAgain();
        return { kind: 'passed', state };
      case 'retype':
        return { kind: 'answered', state: await typedInstead(state, context) };
      case 'endpoint':
        return askForEndpoint(state, context);
      case 'skip':
        return { kind: 'answered', state: settle(await withoutUnusable(state, context), 'credentials') };
    }
  },
};

/** Asks for client id and secret, whatever else has them; the addresses of KuFlow stay as they were, those of a profile too. */
async function typedInstead(state: WizardState, context: WizardContext): Promise<WizardState> {
  const { endpoint, target, ca } = await context.profileAddresses(state.answers);
  const { answers } = state;
  return withAnswers(settle(state, 'profile'), {
    ...NO_CREDENTIALS,
    typeCredentials: true,
    endpoint: answers.endpoint ?? endpoint,
    target: answers.target ?? target,
    ca: answers.ca ?? ca,
  });
}

/** A process that is described needs no credentials: those that can't even be read would only be in the way. */
async function withoutUnusable(state: WizardState, context: WizardContext): Promise<WizardState> {
  const usable = (await context.isUsable(state.answers))
    ? state
    : withAnswers(state, { ...NO_CREDENTIALS, connect: undefined });
  return usable.answers.source === 'api' ? describeInstead(usable) : usable;
}

const NO_CREDENTIALS = {
  secret: undefined,
  profile: undefined,
  clientId: undefined,
  clientSecretFile: undefined,
  clientSecretStdin: undefined,
} as const;

/** What keeps a worker from the credentials that are written to the project, in a sentence; undefined where nothing does. */
export function variablesOver({ answers }: WizardState, { variables }: WizardContext): string | undefined {
  return answers.local === true || variables.length === 0
    ? undefined
    : `Unset ${variables.join(' and ')} where the worker starts: a worker takes them over application-local.yaml`;
}

export function detectedText({ kind, name }: DetectedCredentials): string {
  return kind === 'profile' ? `the profile ${name}` : name;
}

async function askForEndpoint(state: WizardState, context: WizardContext): ReturnType<Step['run']> {
  const answer = await context.ask.text({
    message: "Address of KuFlow's REST API",
    fallback: state.answers.endpoint ?? 'https://api.kuflow.com',
    validate: (text) => (/^https?:\/\/[^/\s]+/.test(text) ? undefined : 'It starts with https:// and a host name'),
    canGoBack: true,
  });
  return answer === BACK
    ? { kind: 'passed', state }
    : { kind: 'answered', state: withAnswers(state, { endpoint: answer }) };
}

/** Whose account it is; nothing is asked where options say it. */
export const credentialSteps: readonly Step[] = [profile, clientId, clientSecret, credentials];
