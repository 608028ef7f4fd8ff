import { sampleDefinition } from '../../src/process/sample.ts';
import type { PackageManager, ProjectSpec } from '../../src/languages/project-spec.ts';
import { prepareProject } from '../../src/project/plan.ts';
import { writeFiles } from '../../src/project/write-files.ts';

/** The spec of a project for the sample process, in the language of the package manager. */
export function untouchedSpec(packageManager: PackageManager): ProjectSpec {
  return {
    name: 'worker',
    ...(packageManager === 'maven'
      ? { language: 'java', packageName: 'com.acme.loan', slug: 'loan' }
      : packageManager === 'uv'
        ? { language: 'python', packageName: 'acme_loans', slug: 'loan' }
        : { language: 'typescript' }),
    processes: [{ definition: sampleDefinition(), source: 'sample' }],
    local: true,
    packageManager,
    cliPackage: '1.0.0',
  };
}

/** Writes a project for the sample process as `create` does, without install and git. */
export async function writeUntouchedProject(
  folder: string,
  { packageManager = 'npm', version = '1.0.0' }: { packageManager?: PackageManager; version?: string } = {},
): Promise<void> {
  const { comparison } = await prepareProject({
    ...{ folder, overwrite: [], version, command: 'create' },
    spec: untouchedSpec(packageManager),
  });
  await writeFiles(comparison);
}
