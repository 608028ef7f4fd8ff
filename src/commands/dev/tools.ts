import { join } from 'node:path';
import { platformEnvironment } from '../../platform/environment.ts';
import type { PlatformState } from '../../platform/state-file.ts';
import { createProcessEngine } from '../../platform/temporal/engine.ts';
import { findTemporal, findTestServer } from '../../platform/temporal/find.ts';
import { workerCertificateEnvironment } from '../../platform/session/worker-certificate.ts';
import { stateFolder, type DevEvent } from '../../platform/session/start.ts';

/** The settings by which a worker of the project in `cwd` reaches a running platform, by name of the variable; the client secret is in clear. */
export async function platformSettings(
  state: PlatformState,
  request: { readonly cwd: string; readonly stateDir?: string | undefined; readonly env: NodeJS.ProcessEnv },
): Promise<Readonly<Record<string, string>>> {
  const over = await workerCertificateEnvironment(state, request.cwd, join(stateFolder(request), 'worker'));
  return { ...platformEnvironment(state, request.env), ...over };
}

/** The history of a workflow as JSON, for replayers; KnownError when there is none of that id. */
export async function readHistory(state: PlatformState, workflowId: string): Promise<string> {
  const engine = await createProcessEngine({ address: state.endpoints.temporal, namespace: state.namespace });
  try {
    return await engine.fetchHistory(workflowId);
  } finally {
    await engine.close();
  }
}

/** Path of the Temporal server, or of the one that skips time; got when it is not on this machine. */
export async function serverPath(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly timeSkipping: boolean;
  readonly explicit?: string;
  readonly signal: AbortSignal;
  readonly report: (event: DevEvent) => void;
}): Promise<string> {
  const find = options.timeSkipping ? findTestServer : findTemporal;
  const found = await find({
    env: options.env,
    signal: options.signal,
    report: (event) => options.report({ ...event, about: 'temporal' }),
    ...(options.explicit === undefined ? {} : { explicit: options.explicit }),
  });
  return found.path;
}
