import { resolve } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import type { Connection } from '../../../connection/require.ts';
import { createProject, type CreateDependencies } from '../create-project.ts';
import { findDefinition } from '../load-definition.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import { definitionRequest, parseProcessSource, withoutUnused } from '../call.ts';
import type { CreateCall } from '../flags.ts';
import { requestOf, resolveCreateConnection, type AnsweredCall } from '../request.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { openWizardContext } from './world.ts';
import { folderProblem } from './project-steps.ts';
import { runWizard } from './run-wizard.ts';
import type { WizardState } from './state.ts';

/** Answers a call by questions. Rejects with a KnownError of status 130 when somebody ends it; nothing is written. */
export async function answerCall(
  call: CreateCall,
  ask: Prompts,
  signal: AbortSignal,
  context: CommandContext,
): Promise<WizardAnswers> {
  const wrong = call.folder === undefined ? undefined : folderProblem(context.cwd, call.folder);
  // Said before the first question: after the last one all answers would be lost.
  if (wrong !== undefined) {
    throw new KnownError({
      message: `${call.folder ?? ''}: ${wrong}`,
      next: ['Choose another folder for the project'],
    });
  }
  const connections = rememberedConnections(context);
  const world = await openWizardContext(
    {
      ask,
      signal,
      given: call.given,
      connect: connections.of,
      forget: connections.forget,
      preview: async (state) => {
        const answered = answeredCall(state);
        const deps: CreateDependencies = {
          version: context.version,
          env: context.env,
          signal,
          discover: discoveredBefore(state),
          check: () => Promise.resolve({ kind: 'not-run', reason: 'dry run' }),
          report: { scaffold: () => undefined, check: () => undefined, discovery: () => undefined },
        };
        const connection = await connections.known(state);
        const request = requestOf(answered, connection, context);
        const result = await createProject({ ...request, dryRun: true }, deps);
        const { definition } = await findDefinition(definitionRequest(answered.flags), {
          cwd: context.cwd,
          discover: deps.discover,
          report: () => undefined,
        });
        const endpoint = connection?.settings['kuflow.api.endpoint']?.value;
        return {
          folder: resolve(context.cwd, answered.folder),
          files: result.files,
          definition,
          ...(endpoint === undefined ? {} : { endpoint }),
        };
      },
    },
    context,
  );
  const source = parseProcessSource(call.flags);
  const start: WizardState = {
    flags: call.flags,
    settled: new Set(),
    ...(call.folder === undefined ? {} : { folder: call.folder }),
    ...(source === undefined ? {} : { source }),
  };
  const end = await runWizard(start, world);
  return { call: answeredCall(end), connection: await connections.known(end), discovered: discoveredBefore(end) };
}

function answeredCall({ folder = '.', flags, secret }: WizardState): AnsweredCall {
  return { folder, flags: withoutUnused(flags), ...(secret === undefined ? {} : { secret }) };
}

function discoveredBefore({ discovered }: WizardState): CreateDependencies['discover'] {
  return () => {
    if (discovered === undefined) throw new Error('the process was not read');
    return Promise.resolve(discovered);
  };
}

/** Read once, since a keychain may ask each time; standard input, which can be read once only, stays when the others are forgotten. */
function rememberedConnections(context: CommandContext): {
  readonly of: (state: WizardState) => Promise<Connection>;
  readonly known: (state: WizardState) => Promise<Connection | undefined>;
  readonly forget: () => void;
} {
  interface Made {
    readonly secret: WizardState['secret'];
    readonly connection: Connection;
    readonly piped: boolean;
  }
  const made = new Map<string, Made>();
  const of = async ({ flags, secret }: WizardState): Promise<Connection> => {
    const { profile, clientId, clientSecretFile, clientSecretStdin, endpoint, target, ca, tenantId } = flags;
    const key = JSON.stringify([
      profile,
      clientId,
      clientSecretFile,
      clientSecretStdin,
      endpoint,
      target,
      ca,
      tenantId,
    ]);
    const before = made.get(key);
    if (before !== undefined && before.secret === secret) return before.connection;
    const connection = await resolveCreateConnection({ flags, ...(secret === undefined ? {} : { secret }) }, context);
    made.set(key, { secret, connection, piped: secret === undefined && clientSecretStdin === true });
    return connection;
  };
  const forget = (): void => {
    for (const [key, { piped }] of made) if (!piped) made.delete(key);
  };
  const known = async (state: WizardState): Promise<Connection | undefined> => {
    const { flags, secret, source } = state;
    const given = [secret, flags.profile, flags.clientId, flags.clientSecretFile, flags.clientSecretStdin];
    return source === 'api' || given.some((value) => value !== undefined) ? of(state) : undefined;
  };
  return { of, known, forget };
}
/** What the wizard knows at its end, so that nothing is read or looked up twice. */

export interface WizardAnswers {
  readonly call: AnsweredCall;
  readonly connection: Connection | undefined;
  readonly discovered: CreateDependencies['discover'] | undefined;
}
