import type { NativeConnection } from '@temporalio/worker';
import { requestEngineCertificate, requestEngineToken } from './authentication.ts';
import { connectToEngine, describeNamespace, grpcStatus, withTimeout } from './connection.ts';
import { identityFromSettings } from './engine-certificate.ts';
import { describeError } from './logging.ts';
import { noMetrics } from './metrics.ts';
import { proxyFor } from './proxy.ts';
import { createRestClient, RestError, type RestClient } from './rest-client.ts';
import { SettingsError, type Settings } from './settings.ts';

const STEPS = ['settings', 'rest', 'token', 'certificate', 'connect', 'namespace'] as const;

export interface CheckStep {
  readonly step: (typeof STEPS)[number];
  readonly status: 'ok' | 'failed' | 'unknown' | 'skipped';
  readonly detail: string;
}

export interface CheckResult {
  /** 0: connected. 1: failed. 2: invalid settings. 4: inconclusive. */
  readonly status: 0 | 1 | 2 | 4;
  readonly steps: readonly CheckStep[];
}

/** Value, detail to report, and status if it is not `ok`. */
type StepResult<T> = readonly [T, string, CheckStep['status']?];

const DEADLINE_EXCEEDED = 4;

/**
 * Connects as the worker does, step by step, up to the first step that fails. Calls `report` after each step. A step
 * without a result `limit` seconds after the start of this process is `unknown`.
 */
export async function check(
  load: () => Settings,
  report: (step: CheckStep) => void,
  { limit = 3_600, agent }: { readonly limit?: number | undefined; readonly agent: string },
): Promise<CheckResult> {
  const steps: CheckStep[] = [];
  let rest: RestClient | undefined;
  let connection: NativeConnection | undefined;
  const done = (step: CheckStep['step'], status: CheckStep['status'], detail: string): void => {
    const result = { step, status, detail };
    steps.push(result);
    report(result);
  };
  const step = async <T>(name: CheckStep['step'], run: () => Promise<StepResult<T>>): Promise<T> => {
    try {
      const left = limit * 1_000 - performance.now();
      const [value, detail, status = 'ok'] = await withTimeout(
        run(),
        left,
        `no result within the time limit of ${limit} s`,
      );
      done(name, status, detail);
      return value;
    } catch (error) {
      done(name, isTimeout(error) ? 'unknown' : 'failed', describeError(error));
      throw error;
    }
  };

  try {
    const settings = await step('settings', async () => {
      const loaded = load();
      return [loaded, `queue ${loaded.temporal.queue}, ${loaded.api.endpoint}, ${loaded.temporal.target}`];
    });
    const proxy = (address: string): string => {
      const url = proxyFor(settings, address);
      return url === undefined ? '' : `, through the proxy ${url.host}`;
    };
    const client = await step('rest', async () => {
      rest = createRestClient(settings, noMetrics, agent);
      await rest.call({
        operation: 'findProcesses',
        method: 'GET',
        path: '/processes',
        query: { size: 1 },
        signal: AbortSignal.timeout(45_000),
      });
      return [rest, `credentials accepted${proxy(settings.api.endpoint)}`];
    });
    const token = await step('token', async () => {
      const received = await requestEngineToken(client, settings);
      return [received, `valid until ${new Date(received.expiresAt).toISOString()}`];
    });
    const identity = await step('certificate', async () => {
      const used = identityFromSettings(settings) ?? (await requestEngineCertificate(client, settings));
      const validTo = new Date(used.validTo).toISOString();
      if (used.validTo <= Date.now()) throw new Error(`expired at ${validTo}`);
      const from = { api: 'requested from KuFlow', files: 'from the files', data: 'from inline data' }[used.from];
      return [used, `${from}, valid until ${validTo}, namespace ${used.namespace}`];
    });
    const connected = await step('connect', async () => {
      connection = await connectToEngine(settings, identity, token);
      return [connection, `${settings.temporal.target}${proxy(settings.temporal.target)}`];
    });
    await step('namespace', async () => {
      const restriction = await describeNamespace(connected, identity.namespace, 20_000);
      // Temporal's SDK makes the same call when a worker starts, which fails if it is denied.
      if (restriction === 'PERMISSION_DENIED')
        throw new Error(
          `the engine denies access to the namespace ${identity.namespace} (PERMISSION_DENIED); check temporal.namespace and the permissions of the application`,
        );
      if (restriction !== undefined) return [undefined, `the engine restricts this call (${restriction})`, 'skipped'];
      return [undefined, `${identity.namespace} can be read`];
    });
    return { status: 0, steps };
  } catch (error) {
    const failed = steps.at(-1)?.status;
    for (const name of STEPS.slice(steps.length)) done(name, 'skipped', 'an earlier step failed');
    return { status: error instanceof SettingsError ? 2 : failed === 'unknown' ? 4 : 1, steps };
  } finally {
    await connection?.close().catch(() => undefined);
    await rest?.close();
  }
}

function isTimeout(error: unknown): boolean {
  if (error instanceof RestError) return error.timedOut;
  return (error as Error | undefined)?.name === 'TimeoutError' || grpcStatus(error) === DEADLINE_EXCEEDED;
}
