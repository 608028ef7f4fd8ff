import { systemClock } from '../../base/clock.ts';
import { usageError, type KnownError } from '../../base/errors.ts';
import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';
import { missingProfileError, type MissingProfile } from '../../connection/profile.ts';
import { profileFolder, readProfileFile, type Profile } from '../../profiles/file.ts';
import { describeSecretLocation } from '../../profiles/secret-storage.ts';
import { chooseDefaultProfile, removeProfile, type ProfileContext } from '../../profiles/store.ts';
import { logoutAsData, printLogout, printProfiles } from './view.ts';

interface LogoutFlags {
  readonly profile?: string;
  readonly json?: boolean;
}

function profileContext(context: CommandContext): ProfileContext {
  const { env } = context;
  return { folder: profileFolder(env), env, clock: systemClock, signal: context.interruption() };
}

/**
 * `kuflow profiles`. With `--json`: `{ file, profiles: [{ name, endpoint, clientId, tenantId?, target?, ca?, default,
 * secret: { in, where } }] }`; `in` is `file` or the name of a keychain. Reads no secrets and opens no keychain.
 */
export async function runProfiles(
  flags: { readonly default?: string; readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const profiles = profileContext(context);
  if (flags.default !== undefined && !(await chooseDefaultProfile(flags.default, profiles)))
    throw await missingProfile(flags.default, '--default', context);
  const { path, profiles: stored, defaultName } = await readProfileFile(profiles.folder);
  const list = {
    file: path,
    profiles: stored.toSorted(byName).map((profile) => ({
      ...profile,
      default: profile.name === defaultName,
      secret: { in: profile.secret.in, where: describeSecretLocation(profile.secret, profiles) },
    })),
  };
  if (flags.json === true) context.terminal.out.json(list);
  else printProfiles(context.terminal, list, context.invocation);
}

const byName = (one: Profile, other: Profile): number => (one.name < other.name ? -1 : 1);

/**
 * `kuflow logout`. With `--json`: `{ removed, wasDefault, secret: { where, removed, why? } }`, or `{ removed: null }` if there are no profiles.
 * Status 1 if the secret remains.
 */
export async function runLogout(flags: LogoutFlags, context: CommandContext): Promise<void> {
  const name = flags.profile ?? (await askForProfile(flags, context));
  if (name === undefined) {
    if (flags.json === true) context.terminal.out.json({ removed: null });
    else context.terminal.out.line('Nothing to remove: no credentials are stored');
    return;
  }
  const removed = await removeProfile(name, profileContext(context));
  if (removed === undefined) throw await missingProfile(name, '--profile', context);
  if (flags.json === true) context.terminal.out.json(logoutAsData(removed));
  printLogout(context.terminal, removed, { quiet: flags.json === true });
  if (removed.leftBehind !== undefined) context.setStatus(1);
}

/** Asks even if there is only one profile, so nothing is removed unless somebody named it. Undefined if there are no profiles. */
async function askForProfile(flags: LogoutFlags, context: CommandContext): Promise<string | undefined> {
  const profiles = (await readProfileFile(profileFolder(context.env))).profiles.toSorted(byName);
  const [first] = profiles;
  if (first === undefined) return undefined;
  const ask = await openPromptsIfAllowed(flags, context);
  const answer = await ask?.choose({
    message: 'Which profile do you want to remove?',
    choices: profiles.map(({ name, endpoint }) => ({ value: name, name: `${name} (${endpoint})` })),
  });
  if (typeof answer === 'string') return answer;
  throw usageError('Missing required option: --profile', [
    `For example: ${context.invocation} logout --profile ${first.name}`,
  ]);
}

async function missingProfile(
  name: string,
  givenBy: MissingProfile['givenBy'],
  { env, cwd }: CommandContext,
): Promise<KnownError> {
  const { profiles } = await readProfileFile(profileFolder(env));
  return missingProfileError({ name, givenBy, existing: profiles.map((profile) => profile.name), cwd });
}
