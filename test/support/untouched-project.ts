import { sampleDefinition } from '../../src/process/sample.ts';
import type { PackageManager } from '../../src/languages/project-spec.ts';
import { writeProject, prepareProject } from '../../src/project/scaffold.ts';

/** Writes a project for the sample process as `create` does, without install and git. */
export async function writeUntouchedProject(
  folder: string,
  { packageManager = 'npm', version = '1.0.0' }: { packageManager?: PackageManager; version?: string } = {},
): Promise<void> {
  const prepared = await prepareProject({
    ...{ folder, overwrite: [], version, command: 'create' },
    spec: {
      name: 'worker',
      ...(packageManager === 'maven'
        ? { language: 'java', packageName: 'com.acme.loan', slug: 'loan' }
        : packageManager === 'uv'
          ? { language: 'python', packageName: 'acme_loans', slug: 'loan' }
          : { language: 'typescript' }),
      definition: sampleDefinition(),
      definitionSource: 'sample',
      local: true,
      packageManager,
      cliPackage: '1.0.0',
    },
  });
  await writeProject(prepared, { install: false, git: false, env: {} });
}
