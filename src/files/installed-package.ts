import { dirname, join } from 'node:path';
import { isRecord } from '../base/json.ts';
import { MIB, readSmallFile } from './read.ts';

/** The version of the package that Node.js resolves from `folder`, or undefined. */
export async function findInstalledVersion(folder: string, name: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = await readManifestVersion(join(at, 'node_modules', name, 'package.json'));
    if (manifest !== undefined) return manifest;
    if (dirname(at) === at) return undefined;
  }
}

async function readManifestVersion(path: string): Promise<string | undefined> {
  try {
    const { bytes } = await readSmallFile(path, MIB);
    const manifest: unknown = bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
    const version = isRecord(manifest) ? manifest['version'] : undefined;
    return typeof version === 'string' && /^\d+\.\d+\.\d+[\w.+-]*$/.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}
