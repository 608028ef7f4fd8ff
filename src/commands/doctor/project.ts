import { packageVersion } from '../../base/package-root.ts';
import type { CodeDrift, ProjectProcess, ProjectProbe } from '../../diagnostics/input.ts';
import { compareCode, openProject, readProject } from '../../project/edit/open-project.ts';
import { locateProject, readRecordIfValid } from '../../project/commands.ts';
import { readProjectRecord } from '../../project/record.ts';
import { languageOf } from '../../languages/all-languages.ts';
import type { Environment } from '../../settings/environment.ts';
import { overridesAsEnvironment, type ResolvedSettings } from '../../settings/precedence.ts';
import { formatSource } from '../../settings/sources.ts';
import { runWorkerCheck } from './worker-check.ts';

/** The project in `folder`. Its worker runs with the same settings as doctor, including options. */
export async function createProjectProbe(
  folder: string,
  env: Environment,
  settings: ResolvedSettings,
): Promise<ProjectProbe> {
  const general = { processes: () => listProcesses(folder, env), drift: () => findDrift(folder, env) };
  const record = await readRecordIfValid(folder);
  if (record === undefined) return general;
  const at = locateProject(folder, record, env);
  const { runtime, temporalSdk, worker } = await languageOf(record).diagnosis();
  const command = await worker(at);
  const workerEnv = { ...env, ...overridesAsEnvironment(settings) };
  return {
    ...general,
    runtime: () => runtime(at),
    temporalSdk: () => temporalSdk(at),
    workerCheck:
      command.kind === 'not-installed'
        ? undefined
        : (options) =>
            command.kind === 'not-built'
              ? Promise.resolve(command)
              : runWorkerCheck(command, folder, workerEnv, options),
    workerCheckUnavailable: findEndpointConflict(settings),
  };
}

/** A worker with credentials from its environment rejects an endpoint that differs from the one in its files. */
function findEndpointConflict(settings: ResolvedSettings): string | undefined {
  const endpoint = settings['kuflow.api.endpoint'];
  const credentials = settings['kuflow.api.client-id']?.source.kind;
  const file = endpoint?.shadows.find(({ kind }) => kind === 'file');
  if (endpoint?.source.kind !== 'flag' || file === undefined || credentials === 'file') return undefined;
  return `the worker accepts only the endpoint in ${formatSource(file)}`;
}

async function listProcesses(folder: string, env: Environment): Promise<readonly ProjectProcess[]> {
  const { processes } = await readProject(folder, env);
  return processes.map(({ definition, layout: place }) => ({
    file: place.definitionFile,
    code: definition.process.code,
    workflowType: definition.workflow.type,
    taskQueue: definition.workflow.taskQueue,
    confidential: definition.process.confidential,
  }));
}

async function findDrift(folder: string, env: Environment): Promise<CodeDrift> {
  const { record } = await readProjectRecord(folder);
  const version = packageVersion();
  if (record.version !== version) return { kind: 'not-compared', madeBy: record.version, version };
  const project = await openProject(folder, env, version, { readOnly: true });
  return { kind: 'compared', files: await compareCode(project) };
}
