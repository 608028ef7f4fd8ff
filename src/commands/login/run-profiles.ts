import { systemClock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import { listProfiles, logout, setDefaultProfile, type LoginContext } from './login.ts';
import { logoutAsData, printLogout, printProfiles, profilesAsData } from './view.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import type { CommandContext } from '../../cli/context.ts';

function world(context: CommandContext): LoginContext {
  const { env, cwd, terminal } = context;
  return { env, cwd, stdin: terminal.prompts.input, clock: systemClock, signal: context.interruption() };
}

/**
 * `kuflow profiles`. With `--json`: `{ file, profiles: [{ name, endpoint, clientId, tenantId?, target?, ca?, default, secret: { in, where } }] }`,
 * `in` being `file` or the name of a keychain.
 */
export async function runProfiles(flags: ProfilesFlags, context: CommandContext): Promise<void> {
  const given = world(context);
  if (flags.default !== undefined) await setDefaultProfile(flags.default, given);
  const shown = await listProfiles(given);
  if (flags.json === true) context.terminal.out.line(stringifyForTerminal(profilesAsData(shown)));
  else printProfiles(context.terminal, shown, context.invocation);
}

/** `kuflow logout`. With `--json`: `{ removed, wasDefault, secret: { where, removed, why? } }`. Exit status 1 when the secret is still there. */
export async function runLogout(flags: LogoutFlags, context: CommandContext): Promise<void> {
  const given = world(context);
  const removed = await logout(flags.profile ?? (await chosen(flags, given, context)), given);
  if (flags.json === true) context.terminal.out.line(stringifyForTerminal(logoutAsData(removed)));
  printLogout(context.terminal, removed, { quiet: flags.json === true });
  if (removed.leftBehind !== undefined) context.setStatus(1);
}

/** Nothing is removed that was not named. */
async function chosen(flags: LogoutFlags, given: LoginContext, context: CommandContext): Promise<string> {
  const { terminal, invocation } = context;
  const { profiles } = await listProfiles(given);
  const names = profiles.map(({ name }) => name);
  if (names.length > 0 && terminal.canPrompt && flags.json !== true) {
    const { openPrompts } = await import('../../terminal/prompts.ts');
    const answer = await openPrompts(terminal, given.signal).choose({
      message: 'Which profile is to be removed?',
      choices: profiles.map(({ name, endpoint }) => ({ value: name, name: `${name} (${endpoint})` })),
    });
    if (typeof answer === 'string') return answer;
  }
  throw usageError('Answers are missing:\n  profile: the profile to remove, by --profile', [
    names.length === 0 ? 'There is none' : `for example: ${invocation} logout --profile ${names[0]}`,
  ]);
}
export interface ProfilesFlags {
  readonly default?: string;
  readonly json?: boolean;
}
export interface LogoutFlags {
  readonly profile?: string;
  readonly json?: boolean;
}
