import { knownErrorOf } from '../../../base/errors.ts';
import { isUuid } from '../../../base/is-uuid.ts';
import type { DetectedCredentials } from '../../../connection/detect-credentials.ts';
import { profileEndpoint } from '../../../connection/profile.ts';
import { BACK } from '../../../terminal/prompts.ts';
import type { CreateAnswers } from '../answers.ts';
import { describeInstead } from './process-steps.ts';
import { settle, withAnswers, type Step, type WizardContext, type WizardState } from './state.ts';
import { credentialVariables } from '../../../connection/has-no-connection.ts';

/** A worker does not read profiles, so credentials of a profile have to be written to the project. */
const profile: Step = {
  topic: 'profile',
  isOpen: (state, { credentials }) =>
    credentials.kind === 'detected' && credentials.place.kind === 'profile' && !state.settled.has('profile'),
  run: async (state, context, { ask, before, credentials }) => {
    const name = credentials.kind === 'detected' ? credentials.place.name : '';
    const answer = await ask.choose<'write' | 'read' | 'type'>({
      message: `How do you want to use the profile ${name}?`,
      fallback: (before ?? 'write') as 'write',
      choices: [
        {
          value: 'write',
          name: 'Write its client ID and secret to the project',
          description: 'To application-local.yaml, which git ignores: a worker does not read profiles',
        },
        ...(state.answers.source === 'api'
          ? [
              {
                value: 'read',
                name: 'Only read the process with it',
                description: 'The project gets no client ID and secret',
              } as const,
            ]
          : []),
        { value: 'type', name: 'Enter another client ID and secret' },
      ],
    });
    const next = settle(state, 'profile');
    if (answer === 'type') return await typeCredentialsInstead(next, context);
    return answer === 'write' ? withAnswers(next, { profile: name }) : next;
  },
};

const clientId: Step = {
  topic: 'client-id',
  isOpen: ({ answers }, { missing }) => missing.has('client-id') && answers.profile === undefined,
  run: async (state, _context, { ask, before }) => {
    const answer = await ask.text({
      message: 'Client ID of the application',
      hint: 'In the KuFlow app: Settings > Applications. It is written to application-local.yaml, which git ignores.',
      fallback: before,
      // A secret that is pasted here by mistake must not stay on the screen or get into the project.
      isSecret: (text) => !/^[0-9a-f-]{0,36}$/i.test(text),
      validate: (text) =>
        /^[0-9a-f-]{0,36}$/i.test(text) ? undefined : 'This is not a UUID. You enter the secret at the next prompt',
      validateAsync: (text) => Promise.resolve(isUuid(text) ? undefined : 'The UUID is incomplete'),
    });
    return withAnswers(state, { clientId: answer });
  },
};

const clientSecret: Step = {
  topic: 'client-secret',
  isOpen: ({ answers }, { missing }) => missing.has('client-secret') && answers.profile === undefined,
  run: async (state, _context, { ask }) =>
    withAnswers(state, { secret: await ask.secret({ message: 'Client secret (token) of the application' }) }),
};

/** Verified at once: a typing error is easiest to correct while the page with the credentials is open. */
const credentials: Step = {
  topic: 'credentials',
  isOpen: (state, { credentials: choice }) => choice.kind !== 'not-needed' && !state.settled.has('credentials'),
  run: async (state, context, { ask, credentials: choice }) => {
    const failure = await knownErrorOf(async () => context.say.done(await verify(state.answers, context)));
    if (failure === undefined) {
      const overriding = choice.kind === 'given' ? overridingVariables(state, context) : undefined;
      if (overriding !== undefined) context.say.note(overriding);
      return settle(state, 'credentials');
    }
    context.say.problem(failure);
    const answer = await ask.choose<'again' | 'retype' | 'endpoint' | 'skip'>({
      message: 'What would you like to do?',
      choices: [
        choice.kind === 'detected'
          ? {
              value: 'retype',
              name: 'Enter client ID and secret',
              description: `Instead of those of ${detectedText(choice.place)}`,
            }
          : { value: 'retype', name: 'Enter client ID and secret again' },
        { value: 'again', name: 'Try again' },
        { value: 'endpoint', name: 'Enter another address for KuFlow' },
        { value: 'skip', name: 'Describe the process now and fix this later' },
      ],
    });
    switch (answer) {
      case 'again':
        await context.detectAgain();
        return state;
      case 'retype':
        return await typeCredentialsInstead(state, context);
      case 'endpoint':
        return await askForEndpoint(state, context);
      case 'skip':
        return settle(await withoutUnusable(state, context), 'credentials');
    }
  },
};

/** Asks KuFlow who the credentials belong to, in a sentence. Rejects with a KnownError that says what was seen. */
async function verify(answers: CreateAnswers, { connections, env, say, signal }: WizardContext): Promise<string> {
  const { settings } = await connections.connect(answers);
  const { verifyCredentials } = await import('../../../diagnostics/check-connection.ts');
  const check = (): Promise<string> => verifyCredentials(settings, { env, signal });
  return `Credentials ${await say.working('Verifying the credentials…', check)}`;
}

/** Whether the named credentials can be read at all. */
export async function isUsable(answers: CreateAnswers, { connections }: WizardContext): Promise<boolean> {
  return (await knownErrorOf(() => connections.connect(answers))) === undefined;
}

/** Asks for client ID and secret even if something else has them. The addresses of KuFlow stay, including those of a profile. */
async function typeCredentialsInstead(state: WizardState, context: WizardContext): Promise<WizardState> {
  const { answers } = state;
  const { env, cwd } = context;
  const detected = context.detected();
  const named = answers.profile ?? (detected?.kind === 'profile' ? detected.name : undefined);
  const { endpoint, target, ca } = named === undefined ? {} : await profileEndpoint({ named, env, cwd });
  return withAnswers(settle(state, 'profile'), {
    ...NO_CREDENTIALS,
    typeCredentials: true,
    endpoint: answers.endpoint ?? endpoint,
    target: answers.target ?? target,
    ca: answers.ca ?? ca,
  });
}

/** A described process needs no credentials, so those that cannot be read are dropped. */
async function withoutUnusable(state: WizardState, context: WizardContext): Promise<WizardState> {
  const usable = (await isUsable(state.answers, context))
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

/** A sentence about variables that override the credentials written to the project; undefined if nothing overrides them. */
export function overridingVariables({ answers }: WizardState, { env }: WizardContext): string | undefined {
  const variables = credentialVariables(env);
  return answers.local === true || variables.length === 0
    ? undefined
    : `Unset ${variables.join(' and ')} where the worker runs: ${variables.length === 1 ? 'it overrides' : 'they override'} application-local.yaml`;
}

export function detectedText({ kind, name }: DetectedCredentials): string {
  return kind === 'profile' ? `the profile ${name}` : name;
}

async function askForEndpoint(state: WizardState, context: WizardContext): Promise<WizardState> {
  const answer = await context.ask.text({
    message: "Address of KuFlow's REST API",
    fallback: state.answers.endpoint ?? 'https://api.kuflow.com',
    validate: (text) =>
      /^https?:\/\/[^/\s]+/.test(text) ? undefined : 'Enter a URL that starts with https:// and a host name',
    canGoBack: true,
  });
  return answer === BACK ? state : withAnswers(state, { endpoint: answer });
}

export const credentialSteps: readonly Step[] = [profile, clientId, clientSecret, credentials];
