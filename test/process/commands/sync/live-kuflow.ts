import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { changeDefinitions } from '../../../../src/platform/domain/domain.ts';
import type { ProcessDefinition } from '../../../../src/process/definition.ts';
import type { PackageManager } from '../../../../src/languages/project-spec.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { writeUntouchedProject } from '../../../support/untouched-project.ts';
import { createRest, type Rest } from '../../../unit/platform/rest/server.ts';

/** A text in every value that processes have: it must not appear anywhere else. */
export const CANARY = 'canaryvalue';

export interface LiveItem {
  readonly code: string;
  /** Default: human. */
  readonly kind?: 'human' | 'system' | 'message' | 'thread';
  readonly data?: object;
}

/** A local KuFlow in this process that serves the sample process, and a project for it. */
export interface LiveKuFlow {
  /** The folder of the newest project. */
  readonly folder: string;
  /** Writes a project for the sample process in a new folder. */
  newProject(packageManager?: PackageManager): Promise<void>;
  readonly env: NodeJS.ProcessEnv;
  /** Serves another version of the definition from now on. */
  change(definition: ProcessDefinition): void;
  /** Starts processes, completes these items in each, and completes the process. */
  complete(count: number, items: readonly LiveItem[], metadata?: object): Promise<void>;
  /** Runs `kuflow sync` in the project, as the application of the KuFlow. */
  sync(...args: readonly string[]): Promise<Ran>;
  close(): Promise<void>;
}

export async function startLiveKuFlow(): Promise<LiveKuFlow> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-sync-')));
  let projects = 0;
  const folder = (): string => join(home, String(projects), 'worker');
  // Every record has its own time, so that their order is certain.
  let now = Date.parse('2026-01-31T12:00:00Z');
  const rest = createRest({
    definitions: [sampleDefinition()],
    clock: { ...systemClock, now: () => (now += 1000) },
  });
  const address = await rest.app.listen({ host: '127.0.0.1', port: 0 });
  const { application } = rest.world.identity;
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    KUFLOW_API_ENDPOINT: address,
    KUFLOW_API_CLIENTID: application.id,
    KUFLOW_API_CLIENTSECRET: application.secret.reveal(),
  };
  return {
    get folder() {
      return folder();
    },
    env,
    newProject: async (packageManager = 'npm') => {
      projects += 1;
      await writeUntouchedProject(folder(), { packageManager, version: '9.9.9' });
    },
    change: (definition) => changeDefinitions(rest.world.domain, [definition], []),
    complete: async (count, items, metadata) => {
      for (let at = 0; at < count; at++) await completeProcess(rest, items, metadata);
    },
    sync: (...args) => runKuflow(folder(), ['sync', ...args], env),
    close: async () => {
      await rest.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function completeProcess(rest: Rest, items: readonly LiveItem[], metadata: object | undefined): Promise<void> {
  const call = async (path: string, payload?: object, authorization = rest.asWorker): Promise<{ id: string }> => {
    const answer = await rest.call('POST', path, {
      ...(payload === undefined ? {} : { payload }),
      headers: { authorization },
    });
    expect(answer.statusCode, answer.body).toBeLessThan(300);
    return answer.json<{ id: string }>();
  };
  const { id: processId } = await call('/processes', {
    tenantId: rest.world.identity.tenantId,
    processDefinitionCode: 'LOAN',
    ...(metadata === undefined ? {} : { metadata: { value: metadata } }),
  });
  for (const { code, kind = 'human', data } of items) {
    const type = kind === 'message' ? 'MESSAGE' : kind === 'thread' ? 'THREAD' : 'TASK';
    const value = data === undefined ? {} : { data: { value: data } };
    const { id } = await call('/process-items', {
      ...{ type, processId, processItemDefinitionCode: code },
      ...(type === 'TASK' ? { task: value } : {}),
      ...(type === 'MESSAGE' ? { message: { text: CANARY, ...value } } : {}),
    });
    if (type !== 'TASK') continue;
    const owner = kind === 'human' ? rest.asUser : rest.asWorker;
    await call(`/process-items/${id}/task/~actions/claim`, undefined, owner);
    await call(`/process-items/${id}/task/~actions/complete`, undefined, owner);
  }
  await call(`/processes/${processId}/~actions/complete`);
}
