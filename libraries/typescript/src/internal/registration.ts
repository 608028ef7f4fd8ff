import { hostname, networkInterfaces } from 'node:os';
import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import type { RestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';

const DEFAULT_DELAY_WINDOW = 300;

export interface RegistrationOptions {
  readonly rest: RestClient;
  readonly settings: Settings;
  readonly identity: string;
  readonly workflowTypes: readonly string[];
  readonly activityTypes: readonly string[];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Registers this worker with KuFlow at regular intervals. A failure is logged and counted, and does not stop the worker. */
export function startRegistration(options: RegistrationOptions): { stop(): void } {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let window = DEFAULT_DELAY_WINDOW;
  let failures = 0;

  const register = async (): Promise<void> => {
    let wait = window;
    try {
      const { headers } = await options.rest.call({
        operation: 'createWorker',
        method: 'POST',
        path: '/workers',
        body: toWorkerBody(options),
        signal: stopped.signal,
      });
      window = parseDelayWindow(headers['x-kf-delay-window']);
      wait = window;
      failures = 0;
      options.logger.debug('Registered the worker with KuFlow', { seconds: window });
    } catch (error) {
      if (stopped.signal.aborted) return;
      failures += 1;
      wait = Math.min(window, Math.round(2.5 ** failures));
      options.metrics.registrationFailed();
      options.logger.warn('Could not register the worker with KuFlow', { error, seconds: wait });
    }
    if (!stopped.signal.aborted) timer = setTimeout(() => void register(), wait * 1000);
  };
  void register();

  return {
    stop: () => {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}

/** Seconds until the next registration. */
export function parseDelayWindow(header: string | string[] | undefined): number {
  const seconds = Number(header);
  // At most a day: a timer of more than 24 days would fire at once.
  return Number.isFinite(seconds) && seconds >= 1 ? Math.min(seconds, 86_400) : DEFAULT_DELAY_WINDOW;
}

function toWorkerBody({ settings, identity, workflowTypes, activityTypes }: RegistrationOptions) {
  const { installationId, robotIds } = settings.worker;
  return {
    identity: identity.slice(0, 255),
    hostname: hostname().slice(0, 255) || 'localhost',
    ip: findOwnAddress(),
    taskQueue: settings.temporal.queue,
    workflowTypes,
    activityTypes,
    ...(settings.api.tenantId === undefined ? {} : { tenantId: settings.api.tenantId }),
    ...(installationId === undefined ? {} : { installationId }),
    ...(robotIds.length === 0 ? {} : { robotIds }),
  };
}

function findOwnAddress(): string {
  const external = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  const address = (external.find(({ family }) => family === 'IPv4') ?? external[0])?.address.split('%')[0] ?? '';
  return address.length >= 7 && address.length <= 40 ? address : '127.0.0.1';
}
