import { findProject } from '../../project/find-project.ts';
import {
  hasRememberedProcesses,
  listDefinedProcesses,
  listRememberedProcesses,
  type DefinedProcess,
  type KnownProcess,
} from '../../discovery/known-processes.ts';
import { resolveSettings } from '../../settings/resolve.ts';
import { selectProfile } from '../../connection/profile.ts';

interface Place {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** The processes that the folder defines, else those of the project that it is in. */
export async function listProjectProcesses(cwd: string): Promise<readonly DefinedProcess[]> {
  const here = await listDefinedProcesses(cwd);
  const project = here.length > 0 ? undefined : findProject(cwd);
  return project === undefined || project === cwd ? here : await listDefinedProcesses(project);
}

/** The tasks of the process that the line names, else of all that are defined here. */
export async function listProjectTasks(words: readonly string[], cwd: string): Promise<readonly KnownProcess[]> {
  const code = optionValue(words, '--process');
  const processes = await listProjectProcesses(cwd);
  return processes.filter((process) => code === undefined || process.code === code).flatMap(({ tasks }) => tasks);
}

/** The processes that completion may offer: those defined in the folder, and those that the API showed for the connection of the line. */
export async function listCompletableProcesses(
  words: readonly string[],
  { env, cwd }: Place,
): Promise<readonly KnownProcess[]> {
  const [inFolder, remembered] = await Promise.all([listProjectProcesses(cwd), listRememberedForLine(words, env, cwd)]);
  return [
    ...new Map(
      [...remembered, ...inFolder].map(({ code, name }) => [code, { code, ...(name !== undefined && { name }) }]),
    ).values(),
  ];
}

async function listRememberedForLine(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<readonly KnownProcess[]> {
  // Whose they are costs milliseconds to find out, which a shell without a cache need not wait for.
  if (!(await hasRememberedProcesses(env))) return [];
  // Of the environment only what names the connection: a secret is not needed, and the file of one may be a pipe that keeps us waiting.
  const names = ['KUFLOW_API_CLIENTID', 'KUFLOW_API_ENDPOINT'];
  const flags = { 'kuflow.api.client-id': '--client-id', 'kuflow.api.endpoint': '--endpoint' };
  // Whose they are is in the profile itself: its secret, and so the keychain, is left alone.
  const named = optionValue(words, '--profile');
  const { source } = await selectProfile({ env, cwd, ...(named !== undefined && { named }) });
  const { settings } = await resolveSettings({
    flags: Object.fromEntries(
      Object.entries(flags).flatMap(([key, option]) => {
        const value = optionValue(words, option);
        return value === undefined ? [] : [[key, { value, option }]];
      }),
    ),
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

function optionValue(words: readonly string[], option: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${option}=`));
  if (joined !== undefined) return joined.slice(option.length + 1);
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1];
}
