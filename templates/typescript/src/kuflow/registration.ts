import { hostname, networkInterfaces } from 'node:os';
import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import type { RestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';

const DEFAULT_WINDOW = 300;

export interface RegistrationOptions {
  readonly rest: RestClient;
  readonly settings: Settings;
  readonly identity: string;
  readonly workflowTypes: readonly string[];
  readonly activityTypes: readonly string[];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Tells KuFlow that this worker is there, again and again. A failure is logged and counted, and stops nothing. */
export function startRegistration(options: RegistrationOptions): { stop(): void } {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let window = DEFAULT_WINDOW;
  let failures = 0;

  const register = async (): Promise<void> => {
    let wait = window;
    try {
      const { headers } = await options.rest.call({
        operation: 'createWorker',
        method: 'POST',
        path: '/workers',
        body: workerOf(options),
        signal: stopped.signal,
      });
      window = windowOf(headers['x-kf-delay-window']);
      wait = window;
      failures = 0;
      options.logger.debug('Worker registered at KuFlow', { seconds: window });
    } catch (error) {
      if (stopped.signal.aborted) return;
      failures += 1;
      wait = Math.min(window, Math.round(2.5 ** failures));
      options.metrics.registrationFailed();
      options.logger.warn('The worker could not be registered at KuFlow', { error, seconds: wait });
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
export function windowOf(header: string | string[] | undefined): number {
  const seconds = Number(header);
  // Beyond a day the value can't be meant, and beyond 24 days a timer would fire at once.
  return Number.isFinite(seconds) && seconds >= 1 ? Math.min(seconds, 86_400) : DEFAULT_WINDOW;
}

function workerOf({ settings, identity, workflowTypes, activityTypes }: RegistrationOptions) {
  const { installationId, robotIds } = settings.worker;
  return {
    identity: identity.slice(0, 255),
    hostname: hostname().slice(0, 255) || 'localhost',
    ip: ownAddress(),
    taskQueue: settings.temporal.queue,
    workflowTypes,
    activityTypes,
    ...(settings.api.tenantId === undefined ? {} : { tenantId: settings.api.tenantId }),
    ...(installationId === undefined ? {} : { installationId }),
    ...(robotIds.length === 0 ? {} : { robotIds }),
  };
}

function ownAddress(): string {
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  const address = (outward.find(({ family }) => family === 'IPv4') ?? outward[0])?.address.split('%')[0] ?? '';
  return address.length >= 7 && address.length <= 40 ? address : '127.0.0.1';
}
