import { KnownError } from '../../../base/errors.ts';
import { isUuid } from '../../../base/uuid.ts';
import { BACK } from '../../../terminal/prompts.ts';
import { describeInstead } from './process-steps.ts';
import { settle, without, withFlags, withoutFlags, type Step, type WizardState, type WizardContext } from './state.ts';

/** Whether KuFlow's API will be asked something. */
export function needsAccount(state: WizardState): boolean {
  if (state.source === undefined || state.source === 'sample') return false;
  return (
    state.source === 'api' || state.settled.has('account') || state.flags.clientId !== undefined || secretGiven(state)
  );
}

/** Whether options name credentials, or they were typed. */
export function secretGiven({ flags, secret }: WizardState): boolean {
  const given = [secret, flags.profile, flags.clientSecretFile, flags.clientSecretStdin];
  return given.some((value) => value !== undefined);
}

/** A worker reads no profiles: without an answer the project would start without credentials. */
const profile: Step = {
  topic: 'profile',
  isOpen: (state, world) =>
    needsAccount(state) &&
    world.found()?.kind === 'profile' &&
    state.flags.clientId === undefined &&
    !secretGiven(state) &&
    !state.settled.has('profile'),
  run: async (state, world, { canGoBack, before }) => {
    const name = world.found()?.name ?? '';
    const answer = await world.ask.choose<'write' | 'read' | 'type'>({
      message: `Client id and secret of the profile ${name}`,
      canGoBack,
      fallback: (before ?? 'write') as 'write',
      choices: [
        {
          value: 'write',
          name: 'Take them, for the worker too',
          description: 'They go to its application-local.yaml, which git ignores: a worker reads no profiles',
        },
        ...(state.source === 'api'
          ? [{ value: 'read', name: 'Only read the process with them', description: 'The project gets none' } as const]
          : []),
        { value: 'type', name: 'I enter others' },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    const next = settle(state, 'profile');
    if (answer === 'type') return { kind: 'answered', answer, state: await typedInstead(next, world) };
    return { kind: 'answered', answer, state: answer === 'write' ? withFlags(next, { profile: name }) : next };
  },
};

const clientId: Step = {
  topic: 'client-id',
  isOpen: (state, world) =>
    needsAccount(state) &&
    state.flags.clientId === undefined &&
    state.flags.profile === undefined &&
    (state.typed === true || world.found() === undefined || secretGiven(state)),
  run: async (state, world, { canGoBack, before }) => {
    const answer = await world.ask.text({
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
      const over = variablesOver(state, world);
      if (over !== undefined) world.say.note(over);
      return { kind: 'passed', state: settle(state, 'credentials') };
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      world.say.problem(error);
    }
    const { clientId: id } = state.flags;
    const found = id === undefined && !secretGiven(state) ? world.found() : undefined;
    const answer = await world.ask.choose<WayOn>({
      message: 'How to go on?',
      canGoBack,
      choices: [
        found === undefined
          ? { value: 'retype', name: 'Enter client id and secret again' }
          : {
              value: 'retype',
              name: 'Enter client id and secret',
              description: `In place of those of ${foundText(found)}`,
            },
        { value: 'again', name: 'Try again' },
        { value: 'endpoint', name: 'Enter another address of KuFlow' },
        { value: 'skip', name: 'Describe the process, mend this later' },
      ],
    });
    switch (answer) {
      case BACK:
        return { kind: 'back' };
      case 'again':
        await world.lookAgain();
        return { kind: 'passed', state };
      case 'retype':
        return { kind: 'answered', state: await typedInstead(state, world) };
      case 'endpoint':
        return askForEndpoint(state, world);
      case 'skip':
        return { kind: 'answered', state: settle(await withoutUnusable(state, world), 'credentials') };
    }
  },
};

/** Client id and secret are asked for, whatever else would give them; where KuFlow is stays as it was, that of a profile too. */
async function typedInstead(state: WizardState, world: WizardContext): Promise<WizardState> {
  const place = await world.placeOfProfile(state);
  const cleared = withoutCredentials(settle(state, 'profile'));
  return { ...cleared, typed: true, flags: { ...place, ...cleared.flags } };
}

/** A process that is described needs no credentials: those that can't even be read would only be in the way. */
async function withoutUnusable(state: WizardState, world: WizardContext): Promise<WizardState> {
  const usable = (await world.isUsable(state)) ? state : withoutCredentials(state);
  return usable.source === 'api' ? describeInstead(usable) : usable;
}

function withoutCredentials(state: WizardState): WizardState {
  return withoutFlags(without(state, ['secret']), ['profile', 'clientId', 'clientSecretFile', 'clientSecretStdin']);
}

/** What keeps a worker from the credentials that the project gets, in a sentence; undefined where nothing does. */
export function variablesOver(state: WizardState, world: WizardContext): string | undefined {
  const written = state.flags.clientId !== undefined || secretGiven(state);
  return state.flags.local === true || !written || world.variables.length === 0
    ? undefined
    : `Unset ${world.variables.join(' and ')} where the worker starts: a worker takes them over application-local.yaml`;
}

export function foundText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return kind === 'profile' ? `the profile ${name}` : name;
}

async function askForEndpoint(state: WizardState, world: WizardContext): ReturnType<Step['run']> {
  const answer = await world.ask.text({
    message: "Address of KuFlow's REST API",
    fallback: state.flags.endpoint ?? 'https://api.kuflow.com',
    validate: (text) => (/^https?:\/\/[^/\s]+/.test(text) ? undefined : 'It starts with https:// and a host name'),
    canGoBack: true,
  });
  return answer === BACK
    ? { kind: 'passed', state }
    : { kind: 'answered', state: withFlags(state, { endpoint: answer }) };
}

/** Whose account it is; nothing is asked where options say it. */
export const credentialSteps: readonly Step[] = [profile, clientId, clientSecret, credentials];
