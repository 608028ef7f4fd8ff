import type { NativeConnection } from '@temporalio/worker';
import { requestEngineCertificate, requestEngineToken } from './authentication.ts';
import { ConnectTimeOut, connectToEngine } from './connection.ts';
import { identityOfAnswer, identityOfSettings, type EngineIdentity } from './engine-certificate.ts';
import { tokenOf, type EngineToken } from './engine-token.ts';
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
  /** 0: connected. 1: something is wrong. 2: settings. 4: could not tell. */
  readonly status: 0 | 1 | 2 | 4;
  readonly steps: readonly CheckStep[];
}

const ORDER: readonly StepName[] = ['settings', 'rest', 'token', 'certificate', 'connect', 'namespace'];

/** Goes the way that the worker goes, step by step, up to the first that fails. `report` gets each step as it ends. */
export async function check(load: () => Settings, report: (step: CheckStep) => void): Promise<CheckResult> {
  const steps: CheckStep[] = [];
  let rest: RestClient | undefined;
  let connection: NativeConnection | undefined;
  const done = (step: StepName, status: CheckStep['status'], detail: string): void => {
    const result = { step, status, detail };
    steps.push(result);
    report(result);
  };
  const step = async <T>(
    name: StepName,
    run: () => Promise<readonly [T, string]> | readonly [T, string],
  ): Promise<T> => {
    try {
      const [value, detail] = await run();
      done(name, 'ok', detail);
      return value;
    } catch (error) {
      done(name, isTimeOut(error) ? 'unknown' : 'failed', describeError(error));
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
      return [undefined, `the credentials are accepted${proxy(settings.api.endpoint)}`];
    });
    const token = await step<EngineToken>('token', async () => {
      const received = tokenOf(await requestEngineToken(client, settings.api.tenantId), Date.now());
      return [received, `valid until ${new Date(received.expiresAt).toISOString()}`];
    });
    const identity = await step<EngineIdentity>('certificate', async () => {
      const own = identityOfSettings(settings);
      const used = own ?? identityOfAnswer(await requestEngineCertificate(client, settings.api.tenantId), settings);
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
      const answer = await connected.withDeadline(Date.now() + 20_000, () =>
        connected.workflowService.describeNamespace({ namespace: identity.namespace }),
      );
      return [undefined, `${answer.namespaceInfo?.name ?? identity.namespace} can be read`];
    });
  } catch (error) {
    for (const name of ORDER.slice(steps.length)) done(name, 'skipped', 'a step before it failed');
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

function isTimeOut(error: unknown): boolean {
  if (error instanceof ConnectTimeOut) return true;
  if (error instanceof RestError) return error.timedOut;
  if (error instanceof Error && error.name === 'TimeoutError') return true;
  // gRPC: DEADLINE_EXCEEDED
  return (error as { code?: unknown } | null)?.code === 4;
}
