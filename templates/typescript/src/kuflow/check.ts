import type { NativeConnection } from '@temporalio/worker';
import { requestEngineCertificate, requestEngineToken } from './authentication.ts';
import { ConnectTimeoutError, connectToEngine } from './connection.ts';
import { identityFromResponse, identityFromSettings, type EngineIdentity } from './engine-certificate.ts';
import { toEngineToken, type EngineToken } from './engine-token.ts';
import { describeError } from './logging.ts';
import { noMetrics } from './metrics.ts';
import { proxyFor } from './proxy.ts';
import { createRestClient, RestError, type RestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';
import { SettingsError } from './settings-problem.ts';

export type StepName = 'settings' | 'rest' | 'token' | 'certificate' | 'connect' | 'namespace';

export interface CheckStep {
  readonly step: StepName;
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

const ORDER: readonly StepName[] = ['settings', 'rest', 'token', 'certificate', 'connect', 'namespace'];

/** gRPC statuses of an engine that does not allow a call. */
const RESTRICTED: Readonly<Record<number, string>> = {
  7: "PERMISSION_DENIED; Temporal's SDK makes the same call when a worker starts, and fails if it is denied",
  12: 'UNIMPLEMENTED',
};

class CheckTimeoutError extends Error {}

/**
 * Connects as the worker does, step by step, up to the first step that fails. Calls `report` after each step. A step
 * without a result `limit` seconds after the start of this process is `unknown`.
 */
export async function check(
  load: () => Settings,
  report: (step: CheckStep) => void,
  limit?: number,
): Promise<CheckResult> {
  const steps: CheckStep[] = [];
  let rest: RestClient | undefined;
  let connection: NativeConnection | undefined;
  const done = (step: StepName, status: CheckStep['status'], detail: string): void => {
    const result = { step, status, detail };
    steps.push(result);
    report(result);
  };
  const step = async <T>(name: StepName, run: () => Promise<StepResult<T>> | StepResult<T>): Promise<T> => {
    try {
      const [value, detail, status = 'ok'] = await withinLimit(run(), limit);
      done(name, status, detail);
      return value;
    } catch (error) {
      done(name, isTimeout(error) ? 'unknown' : 'failed', describeError(error));
      throw error;
    }
  };

  try {
    const settings = await step('settings', () => {
      const loaded = load();
      return [loaded, `queue ${loaded.temporal.queue}, ${loaded.api.endpoint}, ${loaded.temporal.target}`];
    });
    const client = createRestClient(settings, noMetrics);
    rest = client;
    const proxy = (address: string): string => {
      const url = proxyFor(settings, address);
      return url === undefined ? '' : `, through the proxy ${url.host}`;
    };
    await step('rest', async () => {
      await client.call({
        operation: 'findProcesses',
        method: 'GET',
        path: '/processes',
        query: { size: 1 },
        signal: AbortSignal.timeout(45_000),
      });
      return [undefined, `credentials accepted${proxy(settings.api.endpoint)}`];
    });
    const token = await step<EngineToken>('token', async () => {
      const received = toEngineToken(await requestEngineToken(client, settings.api.tenantId), Date.now());
      return [received, `valid until ${new Date(received.expiresAt).toISOString()}`];
    });
    const identity = await step<EngineIdentity>('certificate', async () => {
      const configured = identityFromSettings(settings);
      const used =
        configured ?? identityFromResponse(await requestEngineCertificate(client, settings.api.tenantId), settings);
      if (used.validTo <= Date.now()) throw new Error(`expired at ${new Date(used.validTo).toISOString()}`);
      const from = { api: 'requested from KuFlow', files: 'from the files', data: 'from inline data' }[used.from];
      return [used, `${from}, valid until ${new Date(used.validTo).toISOString()}, namespace ${used.namespace}`];
    });
    const connected = await step('connect', async () => [
      await connectToEngine(settings, identity, token),
      `${settings.temporal.target}${proxy(settings.temporal.target)}`,
    ]);
    connection = connected;
    await step('namespace', async () => {
      try {
        const answer = await connected.withDeadline(Date.now() + 20_000, () =>
          connected.workflowService.describeNamespace({ namespace: identity.namespace }),
        );
        return [undefined, `${answer.namespaceInfo?.name ?? identity.namespace} can be read`];
      } catch (error) {
        const restriction = RESTRICTED[grpcStatus(error) ?? 0];
        if (restriction === undefined) throw error;
        return [undefined, `the engine restricts this call (${restriction})`, 'skipped'];
      }
    });
  } catch (error) {
    for (const name of ORDER.slice(steps.length)) done(name, 'skipped', 'an earlier step failed');
    const failed = steps.find(({ status }) => status === 'failed' || status === 'unknown');
    if (failed === undefined) throw error;
    const status = error instanceof SettingsError ? 2 : failed.status === 'unknown' ? 4 : 1;
    return { status, steps };
  } finally {
    await connection?.close().catch(() => undefined);
    await rest?.close();
  }
  return { status: 0, steps };
}

async function withinLimit<T>(work: T | Promise<T>, limit: number | undefined): Promise<T> {
  if (limit === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const left = limit * 1000 - performance.now();
    timer = setTimeout(
      () => reject(new CheckTimeoutError(`no result within the time limit of ${limit} s`)),
      left,
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function grpcStatus(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : undefined;
}

function isTimeout(error: unknown): boolean {
  if (error instanceof ConnectTimeoutError || error instanceof CheckTimeoutError) return true;
  if (error instanceof RestError) return error.timedOut;
  if (error instanceof Error && error.name === 'TimeoutError') return true;
  // DEADLINE_EXCEEDED
  return grpcStatus(error) === 4;
}
