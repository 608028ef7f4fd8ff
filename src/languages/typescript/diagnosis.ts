import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRecord } from '../../base/json.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { isOlder } from '../../text/version.ts';
import type { ProjectDiagnosis } from '../diagnosis.ts';

const PACKAGES = ['activity', 'client', 'common', 'envconfig', 'proto', 'worker', 'workflow'].map(
  (name) => `@temporalio/${name}`,
);

/** The oldest version that the worker's packages run on. */
const OLDEST_NODE = '20.19.0';

export const nodeDiagnosis: ProjectDiagnosis = {
  sdk: '@temporalio/worker',
  sdkVersions: async (folder) => {
    const entries = await Promise.all(
      PACKAGES.map(async (name) => [name, await findInstalledVersion(folder, name)] as const),
    );
    return new Map(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
  },
  knownBugs: [
    {
      package: '@temporalio/worker',
      before: '1.15.0',
      bug: 'it cannot replace its connection at run time, so a renewed certificate requires a restart',
    },
    {
      package: '@temporalio/envconfig',
      before: '1.22.0',
      bug: 'it reads every value of TEMPORAL_TLS as off',
    },
  ],
  runtime: () => nodeRuntime(process.version),
  workerCheck: (folder) =>
    existsSync(join(folder, 'node_modules', '@temporalio', 'worker', 'package.json'))
      ? [process.execPath, '--import', 'tsx', 'src/main.ts', '--check', '--json']
      : undefined,
};

export function nodeRuntime(version: string): ReturnType<ProjectDiagnosis['runtime']> {
  const isSupported = !isOlder(version.replace(/^v/, ''), OLDEST_NODE);
  return { name: 'Node.js', version, wanted: 'Node.js 20.19', isSupported };
}

/** The version of the package that Node resolves from `folder`, or undefined. */
async function findInstalledVersion(folder: string, name: string): Promise<string | undefined> {
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
