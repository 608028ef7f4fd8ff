import { usageError } from '../../base/errors.ts';
import { isUuid } from '../../base/is-uuid.ts';
import { keptValues, login, type LoginFlags } from './login.ts';
import { shellWord } from '../../base/shell.ts';
import { checkProfileName, DEFAULT_PROFILE_NAME, profileFolder, readProfileFile } from '../../profiles/file.ts';
import { startCommand } from '../../project/commands.ts';
import { loginAsData, printLogin } from './view.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';

const ID_PLACEHOLDER = '<id>';

/**
 * `kuflow login`. With `--json`: `{ profile: { name, endpoint, clientId, tenantId?, target?, ca?, default, secret: {
 * in, where } }, file, replaced, verified, whyFile?, warnings }`; `verified` is KuFlow's answer, or null. Exit status 0
 * stored, 1 rejected, 2 incomplete options, 4 KuFlow could not be reached; nothing is stored unless 0.
 */
export async function runLogin(flags: LoginFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const name = checkProfileName(flags.profile ?? DEFAULT_PROFILE_NAME);
  const { profiles } = await readProfileFile(profileFolder(context.env));
  const existing = profiles.find((profile) => profile.name === name);
  const answers = await completeFlags(flags, name, keptValues(existing, flags), context);
  const progress = openProgress(terminal.err);
  try {
    const result = await login({ ...answers, name, existing }, context, progress);
    progress.stop();
    if (flags.json === true) terminal.out.json(loginAsData(result));
    else printLogin(terminal, result, { invocation: context.invocation, start: await startCommand(context.cwd) });
    if (answers.prompted) {
      terminal.err.line(
        `\nTo repeat this without prompts:\n  ${loginCommand(answers.flags, name, context.invocation)}`,
      );
    }
  } finally {
    progress.stop();
  }
}

/** Prompts for missing values. Throws a usage error if prompts are not possible. */
async function completeFlags(
  flags: LoginFlags,
  name: string,
  defaults: Pick<LoginFlags, 'clientId' | 'endpoint'>,
  context: CommandContext,
) {
  const { invocation } = context;
  const hasSecret = flags.clientSecretFile !== undefined || flags.clientSecretStdin === true;
  const hasId = (flags.clientId ?? defaults.clientId) !== undefined;
  if (hasSecret && hasId) return { flags, secret: undefined, prompted: false };
  const ask = await openPromptsIfAllowed(flags, context);
  if (ask === undefined) {
    const missing = [
      ...(hasId ? [] : ['  --client-id: client ID of the application']),
      ...(hasSecret ? [] : ['  --client-secret-file or --client-secret-stdin: client secret of the application']),
    ];
    const { clientId, ...others } = flags;
    // Only a UUID is shown: anything else may be a secret that was passed as the id.
    const id = clientId !== undefined && isUuid(clientId) ? clientId : ID_PLACEHOLDER;
    const complete = hasId && clientId === undefined ? flags : { ...others, clientId: id };
    throw usageError(`Missing required options:\n${missing.join('\n')}`, [
      `For example: ${loginCommand(complete, name, invocation)}`,
      `Or run ${invocation} login in a terminal to be prompted`,
    ]);
  }
  const askText = async (question: Parameters<typeof ask.text>[0]): Promise<string> => {
    const answer = await ask.text(question);
    return typeof answer === 'string' ? answer : '';
  };
  const endpoint =
    flags.endpoint ??
    (await askText({
      message: "Address of KuFlow's REST API",
      fallback: defaults.endpoint ?? 'https://api.kuflow.com',
      validate: (typed) =>
        /^https?:\/\/[^/\s]+/.test(typed) ? undefined : 'Enter an address that starts with https:// and a host name',
    }));
  const clientId =
    flags.clientId ??
    (await askText({
      message: 'Client ID of the application',
      hint: 'In the KuFlow app: Settings > Applications',
      fallback: defaults.clientId,
      // The input is not repeated, because it may be a secret that was entered as the id.
      validate: (typed) => (isUuid(typed) ? undefined : 'Enter a UUID'),
    }));
  const secret = hasSecret ? undefined : await ask.secret({ message: 'Client secret (token) of the application' });
  return {
    flags: { ...flags, endpoint, clientId },
    secret: typeof secret === 'object' ? secret : undefined,
    prompted: true,
  };
}

function loginCommand(flags: LoginFlags, name: string, invocation: string): string {
  const values = [
    ['--profile', name],
    ['--client-id', flags.clientId],
    ['--endpoint', flags.endpoint],
    ['--tenant-id', flags.tenantId],
    ['--target', flags.target],
    ['--ca', flags.ca],
    ['--client-secret-file', flags.clientSecretFile],
  ] as const;
  const words = values.flatMap(([option, value]) =>
    value === undefined ? [] : [option, value === ID_PLACEHOLDER ? value : shellWord(value)],
  );
  return [
    `${invocation} login`,
    ...words,
    ...(flags.clientSecretFile === undefined ? ['--client-secret-stdin'] : []),
    ...(flags.default === true ? ['--default'] : []),
    ...(flags.verify ? [] : ['--no-verify']),
    ...(flags.keychain ? [] : ['--no-keychain']),
    ...(flags.json === true ? ['--json'] : []),
  ].join(' ');
}
