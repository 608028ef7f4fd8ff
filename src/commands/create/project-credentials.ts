import { Secret } from '../../base/secret.ts';
import { credentialVariables } from '../../connection/resolve.ts';
import { resolveSettings } from '../../settings/resolve.ts';

export interface ProjectCredentials {
  /** Where the worker of the project finds client ID and secret. */
  readonly from: 'file' | 'environment' | 'none';
  /** Variables that give something else than the files of the project, and that a worker takes first. */
  readonly shadowedBy: readonly string[];
}

const PAIR = ['kuflow.api.client-id', 'kuflow.api.client-secret'] as const;
const SHADOWABLE = ['kuflow.api.endpoint', 'kuflow.api.tenant-id', 'temporal.target', 'kuflow.api.ca'] as const;

/** The credentials as a worker that starts in `folder` would find them. */
export async function projectCredentials(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProjectCredentials> {
  const files = { dir: folder };
  const { settings } = await resolveSettings({ env, files, cwd: folder });
  const { settings: alone } = await resolveSettings({ env: {}, files, cwd: folder });
  const differs = (key: keyof typeof settings): boolean =>
    settings[key]?.source.kind === 'environment' &&
    alone[key]?.source.kind === 'file' &&
    plain(settings[key].value) !== plain(alone[key].value);
  const inFile = PAIR.every((key) => alone[key] !== undefined);
  const here = PAIR.every((key) => settings[key] !== undefined);
  // Half a pair in the environment counts as well: it is never filled up from a file.
  const isOver = inFile && (!here || PAIR.some(differs));
  const others = SHADOWABLE.filter(differs).flatMap((key) => settings[key]?.source.name ?? []);
  return {
    from: inFile && (isOver || settings[PAIR[0]]?.source.kind === 'file') ? 'file' : here ? 'environment' : 'none',
    shadowedBy: [...(isOver ? credentialVariables(env) : []), ...others],
  };
}

function plain(value: unknown): string {
  return value instanceof Secret ? value.reveal() : String(value);
}
