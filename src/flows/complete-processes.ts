import {
  hasRememberedProcesses,
  processesInFolder,
  rememberedProcesses,
  type KnownProcess,
} from '../completion/known-processes.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { chosenProfile } from './profile-settings.ts';

/** The processes that completion may offer: those defined in the folder, and those that the API showed for the connection of the line. */
export async function processesToOffer(
  words: readonly string[],
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<readonly KnownProcess[]> {
  const [inFolder, remembered] = await Promise.all([processesInFolder(cwd), fromConnection(words, env, cwd)]);
  return [...new Map([...remembered, ...inFolder].map((process) => [process.code, process])).values()];
}

async function fromConnection(
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
  const named = valueOf(words, '--profile');
  const { source } = await chosenProfile({ env, cwd, ...(named !== undefined && { named }) });
  const { settings } = await resolveSettings({
    flags: Object.fromEntries(
      Object.entries(flags).flatMap(([key, option]) => {
        const value = valueOf(words, option);
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
  return endpoint === undefined || clientId === undefined ? [] : await rememberedProcesses(env, { endpoint, clientId });
}

function valueOf(words: readonly string[], option: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${option}=`));
  if (joined !== undefined) return joined.slice(option.length + 1);
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1];
}
