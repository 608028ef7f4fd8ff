import { join } from 'node:path';
import { platformEnvironment, writeCaBundle } from '../../src/platform/shared/platform-environment.ts';
import type { WorkerCommand } from './foreign-worker.ts';
import { installOnce } from './install-once.ts';
import type { TestPlatform } from './platform.ts';
import type { ProcessUser } from './process-user.ts';
import { installPythonPackages } from './uv.ts';

const PACKAGES = [
  'kuflow-rest',
  'kuflow-temporal-common',
  'kuflow-temporal-worker',
  'kuflow-temporal-activity-kuflow',
  'kuflow-temporal-workflow-kuflow',
];

/** The path of a Python with this version of KuFlow's SDK from PyPI. `others` are requirements such as `temporalio==1.6.0`. */
export async function pythonWithSdk(version = '3.5.0', others: readonly string[] = []): Promise<string> {
  const folder = await installOnce(`python-kuflow-${version}`, async (target) => {
    await installPythonPackages(target, [...PACKAGES.map((name) => `${name}==${version}`), ...others]);
  });
  return pythonIn(folder);
}

/** The worker in `python-worker/`, which is built only on KuFlow's SDK. It serves the sample process. */
export const sampleWorker = (python: string): WorkerCommand => ({
  command: python,
  args: [join(import.meta.dirname, 'python-worker/worker.py')],
});

/** The environment of such a worker, as `kuflow dev exec` sets it: the SDK accepts only an HTTPS endpoint. */
export async function sampleWorkerEnvironment({ platform, stateDir }: TestPlatform): Promise<NodeJS.ProcessEnv> {
  const environment = platformEnvironment({
    endpoints: platform.endpoints,
    application: platform.identity.application,
    tenantId: platform.identity.tenantId,
    caFile: platform.caFile,
    caBundleFile: await writeCaBundle(stateDir, platform.caFile),
  });
  return { ...process.env, ...environment };
}

/** Starts a sample process, completes its task as a person and waits until the worker has completed the process. */
export async function completeSampleProcess(user: ProcessUser): ReturnType<ProcessUser['completed']> {
  const id = await user.start('LOAN');
  const data = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
  await user.complete(id, 'LOAN_APPLICATION', data);
  return await user.completed(id);
}

const pythonIn = (folder: string): string => join(folder, 'bin', 'python');
