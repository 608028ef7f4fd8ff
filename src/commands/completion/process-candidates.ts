import type { CommandContext } from '../../cli/context.ts';
import { findProject } from '../../process/find-project.ts';
import {
  hasRememberedProcesses,
  listDefinedProcesses,
  listRememberedProcesses,
  type DefinedProcess,
  type KnownProcess,
} from '../../discovery/known-processes.ts';
import { resolveSettings } from '../../settings/precedence.ts';
import { settingFlags } from '../../connection/flags.ts';
import { selectProfile } from '../../connection/profile.ts';
import { optionValue } from './complete-line.ts';

/** The processes defined in the folder, or otherwise in the project that contains it. */
export async function listProjectProcesses(cwd: string): Promise<readonly DefinedProcess[]> {
  const inFolder = await listDefinedProcesses(cwd);
  const project = inFolder.length > 0 ? undefined : findProject(cwd);
  return project === undefined || project === cwd ? inFolder : await listDefinedProcesses(project);
}

/** The tasks of the process in `--process`, or otherwise of all processes defined here. */
export async function listProjectTasks(words: readonly string[], cwd: string): Promise<readonly KnownProcess[]> {
  const code = optionValue(words, '--process');
  const processes = await listProjectProcesses(cwd);
  return processes.filter((process) => code === undefined || process.code === code).flatMap(({ tasks }) => tasks);
}

/** All processes to offer: those defined in the project, and those remembered for the connection of the command line. */
export async function listCompletableProcesses(
  words: readonly string[],
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
): Promise<readonly KnownProcess[]> {
  const [inFolder, remembered] = await Promise.all([listProjectProcesses(cwd), listRememberedForLine(words, env, cwd)]);
  return [...new Map([...remembered, ...inFolder].map((process) => [process.code, process])).values()];
}

async function listRememberedForLine(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<readonly KnownProcess[]> {
  // Resolving the connection takes milliseconds; skip it if nothing is remembered.
  if (!(await hasRememberedProcesses(env))) return [];
  // Only the variables that identify the connection: the secret is not needed, and its file may be a pipe that blocks.
  const names = ['KUFLOW_API_CLIENTID', 'KUFLOW_API_ENDPOINT'];
  const flags = { clientId: optionValue(words, '--client-id'), endpoint: optionValue(words, '--endpoint') };
  // The profile itself has endpoint and client ID, so the keychain is not opened.
  const named = optionValue(words, '--profile');
  const { source } = await selectProfile({ env, cwd, named });
  const { settings } = await resolveSettings({
    flags: settingFlags(flags),
    env: Object.fromEntries(names.map((name) => [name, env[name]])),
    files: { dir: cwd },
    profiles: source === undefined ? [] : [source],
    required: [],
    cwd,
  });
  const endpoint = settings['kuflow.api.endpoint']?.value;
  const clientId = settings['kuflow.api.client-id']?.value;
  return endpoint === undefined || clientId === undefined
    ? []
    : await listRememberedProcesses(env, { endpoint, clientId });
}
