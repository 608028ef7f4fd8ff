import { escapeForTerminal } from '../../base/escape.ts';
import type { Profile } from '../../profiles/file.ts';
import type { RemovedProfile } from '../../profiles/store.ts';
import type { LoginResult } from './login.ts';
import { palette } from '../../terminal/palette.ts';
import { printSteps } from '../../terminal/print-error.ts';
import { formatTable, printTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Prints what was stored to stdout, and how to use it to stderr. */
export function printLogin(
  terminal: Terminal,
  result: LoginResult,
  { invocation, start }: { readonly invocation: string; readonly start: string },
): void {
  const { bold } = palette(terminal.out);
  const { profile, where, whyFile, isDefault, replaced, verified, warnings } = result;
  for (const warning of warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  terminal.out.line(bold(`${replaced ? 'Updated' : 'Stored'} profile ${profile.name}`));
  const rows = [
    ['endpoint', profile.endpoint],
    ['client ID', profile.clientId],
    ['tenant', profile.tenantId],
    ['engine', profile.target],
    ['trusted CA file', profile.ca],
    ['credentials', verified ?? 'not verified (--no-verify)'],
    ['secret', profile.secret.in === 'file' ? `in the file ${where}, which only you can read` : `in ${where}`],
  ];
  for (const line of formatTable(rows, '  ')) terminal.out.line(line);
  if (whyFile !== undefined)
    terminal.err.line(
      `The secret is in a file because the keychain cannot be used: ${escapeForTerminal(whyFile, 400)}.`,
    );
  terminal.err.line(
    isDefault
      ? 'This is the default profile: commands use it when no other credentials are given.'
      : `To use it, pass --profile ${profile.name} or set KUFLOW_PROFILE=${profile.name}.`,
  );
  const option = isDefault ? '' : ` --profile ${profile.name}`;
  const steps = [
    ['Store the engine certificate in a project:', `${invocation} credentials pull${option}`],
    ['Run a worker with all credentials:', `${invocation} credentials exec${option} -- ${start}`],
  ];
  const paintErr = palette(terminal.err);
  terminal.err.line(paintErr.dim('Workers do not read profiles.'));
  for (const line of formatTable(steps, '  ')) terminal.err.line(paintErr.dim(line));
}

/** `--json` of `login`, without secrets. */
export function loginAsData(result: LoginResult): object {
  const { profile, where, isDefault, file, replaced, verified, whyFile, warnings } = result;
  return {
    profile: { ...profile, default: isDefault, secret: { in: profile.secret.in, where } },
    file,
    replaced,
    verified: verified ?? null,
    whyFile,
    warnings,
  };
}

interface ProfileList {
  /** Absolute path of the profile file, whether it exists or not. */
  readonly file: string;
  readonly profiles: readonly (Omit<Profile, 'secret'> & {
    readonly default: boolean;
    readonly secret: { readonly where: string };
  })[];
}

export function printProfiles(terminal: Terminal, { profiles, file }: ProfileList, invocation: string): void {
  if (profiles.length === 0) {
    terminal.out.line('No profiles');
    printSteps(terminal.err, [`Store one: ${invocation} login`]);
    return;
  }
  const hasTenants = profiles.some(({ tenantId }) => tenantId !== undefined);
  const rows = profiles.map(({ name, default: isDefault, endpoint, clientId, tenantId, secret }) => [
    isDefault ? `${name} (default)` : name,
    endpoint,
    clientId,
    ...(hasTenants ? [tenantId ?? '-'] : []),
    secret.where,
  ]);
  const header = ['PROFILE', 'ENDPOINT', 'CLIENT ID', ...(hasTenants ? ['TENANT'] : []), 'SECRET IN'];
  printTable(terminal.out, [header, ...rows]);
  terminal.err.line(palette(terminal.err).dim(`In ${escapeForTerminal(file, 400)}`));
}

export function printLogout(terminal: Terminal, removed: RemovedProfile, { quiet }: { readonly quiet: boolean }): void {
  const { profile, where, leftBehind, wasDefault } = removed;
  if (!quiet) {
    const secret = leftBehind === undefined ? ` and its secret from ${where}` : '';
    terminal.out.line(`Removed profile ${profile.name}${secret}`);
    if (wasDefault) terminal.err.line('It was the default profile. There is no default now.');
  }
  if (leftBehind !== undefined)
    terminal.err.line(
      `Its secret is still in ${escapeForTerminal(where, 400)}: ${escapeForTerminal(leftBehind, 1000)}`,
    );
}

/** `--json` of `logout`. */
export function logoutAsData({ profile, wasDefault, where, leftBehind }: RemovedProfile): object {
  return {
    removed: profile.name,
    wasDefault,
    secret: { where, removed: leftBehind === undefined, why: leftBehind },
  };
}
