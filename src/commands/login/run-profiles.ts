import { systemClock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import type { CommandContext } from '../../cli/context.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { listProfiles, logout, setDefaultProfile, type ProfileCommandContext } from './profiles.ts';
import { logoutAsData, printLogout, printProfiles } from './view.ts';

export interface ProfilesFlags {
  readonly default?: string;
  readonly json?: boolean;
}
export interface LogoutFlags {
  readonly profile?: string;
  readonly json?: boolean;
}

function profileContext(context: CommandContext): ProfileCommandContext {
  const { env, cwd } = context;
  return { env, cwd, clock: systemClock, signal: context.interruption() };
}

/**
 * `kuflow profiles`. With `--json`: `{ file, profiles: [{ name, endpoint, clientId, tenantId?, target?, ca?, default,
 * secret: { in, where } }] }`; `in` is `file` or the name of a keychain.
 */
export async function runProfiles(flags: ProfilesFlags, context: CommandContext): Promise<void> {
  const profiles = profileContext(context);
  if (flags.default !== undefined) await setDefaultProfile(flags.default, profiles);
  const list = await listProfiles(profiles);
  if (flags.json === true) context.terminal.out.line(stringifyForTerminal(list));
  else printProfiles(context.terminal, list, context.invocation);
}

/**
 * `kuflow logout`. With `--json`: `{ removed, wasDefault, secret: { where, removed, why? } }`. Exit status 1 if the
 * secret could not be removed.
 */
export async function runLogout(flags: LogoutFlags, context: CommandContext): Promise<void> {
  const profiles = profileContext(context);
  const name = flags.profile ?? (await askForProfile(flags, profiles, context));
  const removed = await logout(name, profiles);
  if (flags.json === true) context.terminal.out.line(stringifyForTerminal(logoutAsData(removed)));
  printLogout(context.terminal, removed, { quiet: flags.json === true });
  if (removed.leftBehind !== undefined) context.setStatus(1);
}

/** There is no default here, so that nothing is removed that was not named. */
async function askForProfile(
  flags: LogoutFlags,
  { env, signal }: ProfileCommandContext,
  { terminal, invocation }: CommandContext,
): Promise<string> {
  const { profiles } = await listProfiles({ env });
  if (profiles.length > 0 && terminal.canPrompt && flags.json !== true) {
    const { openPrompts } = await import('../../terminal/prompts.ts');
    const answer = await openPrompts(terminal, signal).choose({
      message: 'Which profile do you want to remove?',
      choices: profiles.map(({ name, endpoint }) => ({ value: name, name: `${name} (${endpoint})` })),
    });
    if (typeof answer === 'string') return answer;
  }
  const [first] = profiles;
  if (first === undefined) throw usageError('No credentials are stored, so there is nothing to remove');
  throw usageError('Missing required option: --profile', [`For example: ${invocation} logout --profile ${first.name}`]);
}
