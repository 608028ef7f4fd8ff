import { join } from 'node:path';
import { KnownError, usageError } from '../../../base/errors.ts';
import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';
import type { SettingName } from '../../../settings/keys.ts';
import { variablesOf } from '../../../settings/sources.ts';
import { readFollowingLinks } from './followed.ts';
import { SET_FILES, setIdFromPath, settingPath, type StoreLayout } from './layout.ts';
import { settingTexts, type SettingTexts } from './settings-edit.ts';
import { readLocalSettings, type LocalSettingsFile } from './settings-file.ts';
import type { StoreFiles } from '../../../files/file-system.ts';

const PATHS = {
  'temporal.mutual-tls.cert': SET_FILES.cert,
  'temporal.mutual-tls.key': SET_FILES.key,
  'temporal.mutual-tls.ca': SET_FILES.ca,
} as const;
type PathName = keyof typeof PATHS;
const PATH_NAMES = Object.keys(PATHS) as readonly PathName[];
const INLINE: readonly SettingName[] = PATH_NAMES.map((name) => `${name}-data` as const);
const NAMESPACE = 'temporal.namespace';

/** What the application files say of the engine certificate. */
export interface Pointers {
  readonly local: LocalSettingsFile;
  /** `other`: to files that no run of ours wrote; `source` names where that stands. */
  readonly to:
    | { readonly kind: 'none' }
    | { readonly kind: 'set'; readonly id: string }
    | { readonly kind: 'other'; readonly source: string };
  readonly namespace?: string;
  /** Where inline certificates stand, which can't be there beside files. */
  readonly inline?: string;
}

/** Reads them; rejects with a KnownError when `application-local.yaml` could not be edited. */
export async function readPointers(files: StoreFiles, layout: StoreLayout): Promise<Pointers> {
  const local = await readLocalSettings(files, layout);
  const [localName, baseName] = [LOCAL_SETTINGS_FILE, 'application.yaml'];
  const wanted = [...PATH_NAMES, ...INLINE, NAMESPACE] as const;
  const inLocal = settingTexts(local.text ?? '', wanted, localName);
  const inBase = settingTexts(await baseText(files, join(layout.project, baseName)), wanted, baseName);
  const sourceOf = (name: SettingName): string | undefined =>
    inLocal[name] !== undefined
      ? `${name} in ${localName}`
      : inBase[name] !== undefined
        ? `${name} in ${baseName}`
        : undefined;
  const both: SettingTexts = { ...inBase, ...inLocal };
  const given = PATH_NAMES.filter((name) => both[name] !== undefined);
  const ids = new Set(PATH_NAMES.map((name) => setIdFromPath(layout, both[name] ?? '', PATHS[name])));
  const [id] = ids;
  const inline = INLINE.map(sourceOf).find((source) => source !== undefined);
  const namespace = both[NAMESPACE];
  return {
    local,
    to:
      given[0] === undefined
        ? { kind: 'none' }
        : ids.size === 1 && id !== undefined
          ? { kind: 'set', id }
          : { kind: 'other', source: sourceOf(given[0]) ?? given[0] },
    ...(namespace !== undefined && { namespace }),
    ...(inline !== undefined && { inline }),
  };
}

/** As commands and workers read it: through a link too. One that they can't read is told of with the settings. */
async function baseText(files: StoreFiles, path: string): Promise<string> {
  const base = await readFollowingLinks(files, path, 1);
  return base.kind === 'text' ? base.text : '';
}

/** The settings that point to a set, with its namespace: what one write of `application-local.yaml` sets. */
export function pointerSettings(layout: StoreLayout, id: string, namespace: string): SettingTexts {
  const paths = PATH_NAMES.map((name) => [name, settingPath(layout, id, PATHS[name])]);
  return { ...(Object.fromEntries(paths) as SettingTexts), [NAMESPACE]: namespace };
}

/** Throws when the files hold certificates that are not ours to replace. `force` lets pointers to other files go, never inline text. */
export function requireReplaceable(
  pointers: Pointers,
  env: Readonly<Record<string, string | undefined>>,
  force: boolean,
): void {
  const variable = variablesIn(env, INLINE)[0];
  const inline = pointers.inline ?? variable;
  if (inline !== undefined) {
    throw new KnownError({
      message: 'A certificate stands inline, and one by files beside it would make the settings a contradiction',
      seen: inline,
      next: [`Remove ${inline} and its siblings, then pull again`],
    });
  }
  if (pointers.to.kind === 'other' && !force) {
    throw usageError(`The settings point to certificate files that were not pulled here: ${pointers.to.source}`, [
      'Give --force to point to pulled ones instead; those files stay where they are',
    ]);
  }
}

/** Variables that stand over what the files say of the certificate, as warnings. */
export function shadowWarnings(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const names: readonly SettingName[] = [...PATH_NAMES, NAMESPACE];
  return variablesIn(env, names).map(
    (variable) => `${variable} is set in this environment and stands over what application-local.yaml says`,
  );
}

function variablesIn(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly SettingName[],
): readonly string[] {
  return variablesOf(names).filter((variable) => (env[variable] ?? '').trim() !== '');
}
