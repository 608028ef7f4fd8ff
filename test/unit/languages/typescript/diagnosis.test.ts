import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { examineNode, nodeDiagnosis } from '../../../../src/languages/typescript/diagnosis.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it('the version of the installed library is compared with the archive that package.json names', async () => {
  const examine = (place: string, installed: string | undefined) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { 'kuflow-worker': place } }));
    for (const [name, version] of [
      ['@temporalio/worker', '1.24.0'],
      ['kuflow-worker', installed],
    ] as const) {
      if (version === undefined) continue;
      mkdirSync(join(folder, 'node_modules', name), { recursive: true });
      writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
    }
    return nodeDiagnosis.temporalSdk({ folder, root: folder, env: {}, packageManager: 'npm' });
  };
  const archive = 'file:../../.kuflow/lib/kuflow-worker-0.2.0.tgz';
  expect(await examine(archive, '0.2.0')).toMatchObject({ kind: 'fine' });
  expect(await examine(archive, '0.1.0')).toMatchObject({
    ...{ code: 'sdk-install-outdated', text: 'kuflow-worker 0.1.0 is installed, but package.json has 0.2.0' },
  });
  expect(await examine(archive, undefined)).toMatchObject({
    ...{ code: 'sdk-install-outdated', text: 'kuflow-worker is not installed, but package.json has 0.2.0' },
  });
  expect(await examine('file:kuflow-worker', '0.1.0')).toMatchObject({ kind: 'fine' });
});

it('the standalone program reports a missing Node.js, which the worker needs', () => {
  expect(examineNode(undefined)).toMatchObject({
    ...{ code: 'runtime-missing', text: 'The worker needs Node.js, which is not installed: it is not on the PATH' },
    values: { wanted: 'Node.js 20.19 or newer' },
  });
});
