import { escapeForTerminal } from '../../base/escape.ts';
import type { Profile } from '../../profiles/file.ts';
import type { RemovedProfile } from '../../profiles/store.ts';
import type { LoginEvent, LoginResult, ProfileList } from './login.ts';
import { palette } from '../../terminal/palette.ts';
import type { Progress } from '../../terminal/progress.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Follows a login on a progress line. */
export function loginReporter(progress: Progress): (event: LoginEvent) => void {
  return ({ kind }) => {
    progress.begin(kind === 'verifying' ? 'Ask KuFlow whose credentials these are' : 'Store them');
  };
}

/** What is stored now, on stdout; what it is good for, on stderr. */
export function printLogin(terminal: Terminal, result: LoginResult, invocation: string): void {
  const { bold } = palette(terminal.out);
  const { profile, where, whyFile, isDefault, replaced, verified, warnings } = result;
  for (const warning of warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  terminal.out.line(bold(`Profile ${profile.name} ${replaced ? 'is stored again' : 'is stored'}`));
  const rows = [
    ...rowsOf(profile),
    ['credentials', verified ?? 'not shown to KuFlow (--no-verify)'],
    ['secret', profile.secret.in === 'file' ? `in the file ${where}, which only you may read` : `in ${where}`],
  ];
  for (const line of formatTable(rows, '  ')) terminal.out.line(line);
  if (whyFile !== undefined)
    terminal.err.line(`The secret is in a file since the keychain can't be used: ${escapeForTerminal(whyFile, 400)}.`);
  terminal.err.line(
    isDefault
      ? 'It is the default: commands use it where nothing else gives credentials.'
      : `Commands use it with --profile ${profile.name} or KUFLOW_PROFILE=${profile.name}.`,
  );
  const option = isDefault ? '' : ` --profile ${profile.name}`;
  terminal.err.line(
    palette(terminal.err).dim(
      `A worker reads no profiles: ${invocation} credentials pull${option} puts the engine certificate into a project, ` +
        `${invocation} credentials exec${option} -- npm start runs a worker with all of it.`,
    ),
  );
}

function rowsOf({ endpoint, clientId, tenantId, target, ca }: Omit<Profile, 'secret'>): readonly (readonly string[])[] {
  return [
    ['endpoint', endpoint],
    ['client id', clientId],
    ...(tenantId === undefined ? [] : [['tenant', tenantId]]),
    ...(target === undefined ? [] : [['engine', target]]),
    ...(ca === undefined ? [] : [['trusts also', ca]]),
  ];
}

/** `--json` of `login`; no secret in it. */
export function loginAsData(result: LoginResult): object {
  const { profile, where, isDefault, file, replaced, verified, whyFile, warnings } = result;
  return {
    profile: { ...profile, default: isDefault, secret: { in: profile.secret.in, where } },
    file,
    replaced,
    verified: verified ?? null,
    ...(whyFile !== undefined && { whyFile }),
    warnings,
  };
}

export function printProfiles(terminal: Terminal, { profiles, file }: ProfileList, invocation: string): void {
  const { dim } = palette(terminal.out);
  if (profiles.length === 0) {
    terminal.out.line('There is no profile.');
    terminal.err.line(`${invocation} login stores one.`);
    return;
  }
  const hasTenants = profiles.some(({ tenantId }) => tenantId !== undefined);
  const rows = profiles.map(({ name, isDefault, endpoint, clientId, tenantId, secret }) => [
    isDefault ? `${name} (default)` : name,
    endpoint,
    clientId,
    ...(hasTenants ? [tenantId ?? '-'] : []),
    secret.where,
  ]);
  const [head = '', ...lines] = formatTable([
    ['profile', 'endpoint', 'client id', ...(hasTenants ? ['tenant'] : []), 'secret in'],
    ...rows,
  ]);
  terminal.out.line(dim(head));
  for (const line of lines) terminal.out.line(line);
  terminal.err.line(palette(terminal.err).dim(`In ${escapeForTerminal(file, 400)}`));
}

/** `--json` of `profiles`; no secret in it. */
export function profilesAsData({ file, profiles }: ProfileList): object {
  return { file, profiles: profiles.map(({ isDefault, ...profile }) => ({ ...profile, default: isDefault })) };
}

export function printLogout(terminal: Terminal, removed: RemovedProfile, { quiet }: { readonly quiet: boolean }): void {
  const { profile, where, leftBehind, wasDefault } = removed;
  if (!quiet) {
    const gone = leftBehind === undefined ? `, with its secret in ${where}` : '';
    terminal.out.line(`Profile ${profile.name} is removed${gone}`);
    if (wasDefault) terminal.err.line('It was the default; there is none now.');
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
    secret: { where, removed: leftBehind === undefined, ...(leftBehind !== undefined && { why: leftBehind }) },
  };
}
