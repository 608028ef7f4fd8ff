import { dirname, join } from 'node:path';
import { isRecord, parseJsonText } from '../base/json.ts';
import { MIB, readSmallText } from './read.ts';
import coerce from 'semver/functions/coerce.js';
import lt from 'semver/functions/lt.js';

/** The version of the package that Node.js resolves from `folder`, or undefined. */
export async function findInstalledVersion(folder: string, name: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const { version } = await readManifest(join(at, 'node_modules', name));
    if (typeof version === 'string' && /^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) return version;
    if (dirname(at) === at) return undefined;
  }
}

/** The `package.json` in a folder. Empty if there is no valid one. */
export async function readManifest(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const manifest = parseJsonText((await readSmallText(join(folder, 'package.json'), MIB)) ?? '');
  return isRecord(manifest) ? manifest : {};
}

/** Compares only major, minor and patch; a pre-release counts as its release. */
export function isOlder(version: string, than: string): boolean {
  return lt(coerce(version) ?? '0.0.0', than);
}
