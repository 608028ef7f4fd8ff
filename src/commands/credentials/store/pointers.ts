import { join } from 'node:path';
import { KnownError, usageError } from '../../../base/errors.ts';
import type { FileSystem } from '../../../files/file-system.ts';
import { LOCAL_SETTINGS_FILE, variableOf, type SettingName } from '../../../settings/keys.ts';
import { SET_FILES, setIdFromPath, settingPath, type StoreLayout } from './layout.ts';
import {
  readFollowingLinks,
  readLocalSettings,
  settingTexts,
  type LocalSettingsFile,
  type SettingTexts,
} from './settings-file.ts';
import type { Environment } from '../../../settings/environment.ts';

const PATHS = {
  'temporal.mutual-tls.cert': SET_FILES.cert,
  'temporal.mutual-tls.key': SET_FILES.key,
  'temporal.mutual-tls.ca': SET_FILES.ca,
} as const;
type PathName = keyof typeof PATHS;
const PATH_NAMES = Object.keys(PATHS) as readonly PathName[];
const INLINE: readonly SettingName[] = PATH_NAMES.map((name) => `${name}-data` as const);
const NAMESPACE = 'temporal.namespace';

/** What the application files say about the engine certificate. */
export interface Pointers {
  readonly local: LocalSettingsFile;
  /** `other`: files that were not pulled here; `source` names the setting and its file. */
  readonly to:
    | { readonly kind: 'none' }
    | { readonly kind: 'set'; readonly id: string }
    | { readonly kind: 'other'; readonly source: string };
  readonly namespace?: string | undefined;
  /** Setting and file of an inline certificate, which cannot be combined with certificate files. */
  readonly inline?: string | undefined;
}

/** Reads the pointers. Rejects with a KnownError if `application-local.yaml` cannot be edited. */
export async function readPointers(files: FileSystem, layout: StoreLayout): Promise<Pointers> {
  const local = await readLocalSettings(files, layout);
  const [localName, baseName] = [LOCAL_SETTINGS_FILE, 'application.yaml'];
  const names = [...PATH_NAMES, ...INLINE, NAMESPACE] as const;
  const inLocal = settingTexts(local.text ?? '', names, localName);
  // As commands and workers read it. A file that they cannot read is reported with the settings.
  const base = await readFollowingLinks(files, join(layout.project, baseName), 1);
  const inBase = settingTexts(base.kind === 'text' ? base.text : '', names, baseName);
  const locate = (name: SettingName): string | undefined =>
    inLocal[name] !== undefined
      ? `${name} in ${localName}`
      : inBase[name] !== undefined
        ? `${name} in ${baseName}`
        : undefined;
  const merged: SettingTexts = { ...inBase, ...inLocal };
  const [firstPath] = PATH_NAMES.filter((name) => merged[name] !== undefined);
  const ids = new Set(PATH_NAMES.map((name) => setIdFromPath(layout, merged[name] ?? '', PATHS[name])));
  const [id] = ids;
  return {
    local,
    to:
      firstPath === undefined
        ? { kind: 'none' }
        : ids.size === 1 && id !== undefined
          ? { kind: 'set', id }
          : { kind: 'other', source: locate(firstPath) ?? firstPath },
    namespace: merged[NAMESPACE],
    inline: INLINE.map(locate).find((source) => source !== undefined),
  };
}

/** The settings that point to a set, including its namespace. They are written to `application-local.yaml` together. */
export function pointerSettings(layout: StoreLayout, id: string, namespace: string): SettingTexts {
  const paths = PATH_NAMES.map((name) => [name, settingPath(layout, id, PATHS[name])]);
  return { ...(Object.fromEntries(paths) as SettingTexts), [NAMESPACE]: namespace };
}

/** Throws if the settings have a certificate that must not be replaced: inline text, or other files without `force`. */
export function requireReplaceable(pointers: Pointers, env: Environment, force: boolean): void {
  const inline = pointers.inline ?? findSetVariables(env, INLINE)[0];
  if (inline !== undefined) {
    throw new KnownError({
      message: 'The settings contain an inline certificate, which cannot be combined with certificate files',
      seen: inline,
      next: [`Remove ${inline} and the other inline certificate settings, then pull again`],
    });
  }
  if (pointers.to.kind === 'other' && !force) {
    throw usageError(`The settings point to certificate files that were not pulled here: ${pointers.to.source}`, [
      'Add --force to point to pulled files instead; the other files are not deleted',
    ]);
  }
}

/** Warnings about environment variables that override the certificate, and the connection, in the application files. */
export function shadowWarnings(env: Environment, connection: SettingTexts = {}): readonly string[] {
  const names = Object.keys(connection) as SettingName[];
  return findSetVariables(env, [...names, ...PATH_NAMES, NAMESPACE]).map(
    (variable) => `${variable} is set in this environment and overrides application-local.yaml`,
  );
}

function findSetVariables(env: Environment, names: readonly SettingName[]): readonly string[] {
  return names.map(variableOf).filter((variable) => (env[variable] ?? '').trim() !== '');
}
