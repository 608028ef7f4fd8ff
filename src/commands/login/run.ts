import { systemClock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { isUuid } from '../../base/uuid.ts';
import { readLoginDefaults, login, type LoginDefaults, type LoginContext } from './login.ts';
import { shellWord } from '../../text/shell.ts';
import { loginReporter, loginAsData, printLogin } from './view.ts';
import { openProgress } from '../../terminal/progress.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';

/**
 * `kuflow login`. With `--json`: `{ profile: { name, endpoint, clientId, tenantId?, target?, ca?, default, secret: { in, where } }, file, replaced,
 * verified, whyFile?, warnings }`; `verified` is what KuFlow said, or null.
 * Exit status 0 stored, 1 not accepted, 2 something is missing, 4 KuFlow could not be asked; nothing is stored unless 0.
 */
export async function runLogin(flags: LoginFlags, context: CommandContext): Promise<void> {
  const { terminal, env, cwd } = context;
  const world: LoginContext = {
    env,
    cwd,
    stdin: terminal.prompts.input,
    clock: systemClock,
    signal: context.interruption(),
  };
  const start = await readLoginDefaults(flags, world);
  const answers = await answered(flags, start, world, context);
  const progress = openProgress(terminal.err);
  try {
    const result = await login({
      ...world,
      start: answers.start,
      flags: answers.flags,
      ...(answers.secret && { secret: answers.secret }),
      makeDefault: flags.default === true,
      verify: flags.verify,
      useKeychain: flags.keychain,
      report: loginReporter(progress),
    });
    progress.stop();
    if (flags.json === true) terminal.out.line(stringifyForTerminal(loginAsData(result)));
    else printLogin(terminal, result, context.invocation);
    if (answers.asked) {
      terminal.err.line(
        `\nTo do the same without questions:\n  ${commandOf(answers.flags, start.name, context.invocation)}`,
      );
    }
  } finally {
    progress.stop();
  }
}

interface Answered {
  readonly start: LoginDefaults;
  readonly flags: LoginFlags;
  readonly secret?: Secret;
  readonly asked: boolean;
}

async function answered(
  flags: LoginFlags,
  start: LoginDefaults,
  world: LoginContext,
  context: CommandContext,
): Promise<Answered> {
  const { terminal, invocation } = context;
  const hasSecret = flags.clientSecretFile !== undefined || flags.clientSecretStdin === true;
  const hasId = (flags.clientId ?? start.kept.clientId) !== undefined;
  if (hasSecret && hasId) return { start, flags, asked: false };
  if (!terminal.canPrompt || flags.json === true || flags.clientSecretStdin === true) {
    const missing = [
      ...(hasId ? [] : ['  client-id: the client id of the application, by --client-id']),
      ...(hasSecret ? [] : ['  client-secret: its secret, by --client-secret-file or --client-secret-stdin']),
    ];
    const { clientId, ...others } = flags;
    // One that is no UUID is not shown: whoever swaps id and secret would see the secret.
    const id = clientId !== undefined && isUuid(clientId) ? clientId : 'ID';
    const whole = hasId && clientId === undefined ? flags : { ...others, clientId: id };
    throw usageError(`Answers are missing:\n${missing.join('\n')}`, [
      `for example: ${commandOf(whole, start.name, invocation)}`,
    ]);
  }
  const { openPrompts } = await import('../../terminal/prompts.ts');
  const ask = openPrompts(terminal, world.signal);
  const text = async (question: Parameters<typeof ask.text>[0]): Promise<string> => {
    const answer = await ask.text(question);
    return typeof answer === 'string' ? answer : '';
  };
  const endpoint =
    flags.endpoint ??
    (await text({
      message: "Address of KuFlow's REST API",
      fallback: start.kept.endpoint ?? 'https://api.kuflow.com',
      validate: (typed) => (/^https?:\/\/[^/\s]+/.test(typed) ? undefined : 'It starts with https:// and a host name'),
    }));
  const clientId =
    flags.clientId ??
    (await text({
      message: 'Client id of the application',
      hint: "In KuFlow's app: Settings > Applications",
      ...(start.kept.clientId !== undefined && { fallback: start.kept.clientId }),
      // Not shown again: whoever swaps id and secret would see the secret.
      validate: (typed) => (isUuid(typed) ? undefined : 'It is a UUID'),
    }));
  const secret = hasSecret ? undefined : await ask.secret({ message: 'Client secret (token) of the application' });
  const named: LoginFlags = { ...flags, endpoint, clientId };
  return {
    start: await readLoginDefaults(named, world),
    flags: named,
    ...(typeof secret === 'object' && { secret }),
    asked: true,
  };
}

function commandOf(flags: LoginFlags, name: string, invocation: string): string {
  const values = [
    ['--profile', name],
    ['--client-id', flags.clientId],
    ['--endpoint', flags.endpoint],
    ['--tenant-id', flags.tenantId],
    ['--target', flags.target],
    ['--ca', flags.ca],
    ['--client-secret-file', flags.clientSecretFile],
  ] as const;
  const words = values.flatMap(([option, value]) => (value === undefined ? [] : [option, shellWord(value)]));
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
/** Options as commander hands them over. */

export interface LoginFlags extends ConnectionFlags {
  readonly default?: boolean;
  readonly verify: boolean;
  readonly keychain: boolean;
  readonly json?: boolean;
}
