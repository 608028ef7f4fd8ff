import http from 'node:http';
import { join } from 'node:path';
import type { LocalSource } from '../../settings/precedence.ts';
import { readRunningState, STATE_FOLDER, type PlatformState } from '../state/running-state.ts';

const ANSWER_MS = 1_000;

/** The settings of the local KuFlow that runs for `folder` with the default state folder and responds; otherwise undefined. */
export async function findLocalSettings(folder: string): Promise<LocalSource | undefined> {
  const state = await readRunningState(join(folder, STATE_FOLDER));
  return state === undefined || !(await responds(state.loopback.http)) ? undefined : localSettings(state);
}

export function localSettings({ endpoints, application, tenantId, caFile, processes }: PlatformState): LocalSource {
  return {
    name: 'local KuFlow',
    codes: processes,
    values: {
      'kuflow.api.endpoint': endpoints.https,
      'kuflow.api.client-id': application.id,
      'kuflow.api.client-secret': application.secret,
      'kuflow.api.tenant-id': tenantId,
      'kuflow.api.ca': caFile,
      'temporal.target': endpoints.engine,
    },
  };
}

/** Whether the process that wrote the state still serves requests; it may be starting, stopping or suspended. */
async function responds(address: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = http.get(`${address}/health`, { timeout: ANSWER_MS, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}
