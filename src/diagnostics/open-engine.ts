import { interruptedError, KnownError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { InspectedConnection } from '../connection/inspect.ts';
import { connectEngine, type EngineConnection } from '../engine/rpc.ts';
import type { KuFlowClient } from '../kuflow/client.ts';
import { engineDialOptions } from './causes/engine-findings.ts';
import type { Check } from './check.ts';
import type { CheckInput, CheckOutputs } from './check-input.ts';
import { prepareChecks } from './prepare.ts';
import { connectionChecks } from './registry.ts';
import { createReport } from './report.ts';
import { runChecks, selectChecks } from './runner.ts';

/** KuFlow and its engine, with the credentials of a worker. */
export interface OpenedEngine {
  readonly kuflow: KuFlowClient;
  readonly connection: EngineConnection;
  readonly namespace: string;
  readonly token: Secret;
  /** Another token, for when the engine no longer accepts the current one. */
  readonly requestToken: () => Promise<Secret>;
  readonly close: () => Promise<void>;
}

const LAST_CHECK = 'KF-ENGINE-002';

/**
 * Connects to KuFlow and its engine as a worker does, with a new engine token and, unless one is configured, a new certificate. Rejects with
 * a KnownError that names the cause, as doctor does: status 2 for settings, and otherwise 4.
 */
export async function openEngine(
  inspected: InspectedConnection,
  { env, signal }: { readonly env: Readonly<Record<string, string | undefined>>; readonly signal: AbortSignal },
): Promise<OpenedEngine> {
  const { input, client } = prepareChecks(inspected, { env, restMs: 30_000 });
  let outputs: Readonly<Partial<CheckOutputs>> = {};
  const remember: Check<CheckInput, CheckOutputs> = {
    ...{ id: 'KF-ENGINE-OPEN', title: 'Open', plane: 'engine', docs: '', requires: [LAST_CHECK], offline: true },
    timeoutMs: 1_000,
    run: (context) => {
      outputs = context.outputs;
      return Promise.resolve({ state: 'pass', summary: '' });
    },
  };
  try {
    const results = await runChecks([...selectChecks(connectionChecks, [LAST_CHECK]), remember], input, { signal });
    if (signal.aborted) throw interruptedError();
    const { firstFailure, next, status } = createReport(results, 0);
    const { token, namespace } = outputs;
    if (firstFailure !== undefined || client === undefined || token === undefined || namespace === undefined)
      throw new KnownError({
        message: firstFailure?.cause?.text ?? firstFailure?.summary ?? 'KuFlow could not be reached',
        tried: firstFailure?.title,
        next,
        status: status === 2 ? 2 : 4,
      });
    const connecting = await connectEngine(engineDialOptions(input, outputs, signal));
    if (!connecting.ok)
      throw new KnownError({
        message: 'The engine does not accept another connection',
        tried: connecting.facts.target,
        seen: connecting.facts.failure?.message,
        status: 4,
      });
    const { connection } = connecting;
    return {
      kuflow: client,
      connection,
      namespace: namespace.value,
      token,
      requestToken: async () => (await input.rest.requestToken(signal, input.clock.now())).token,
      close: async () => {
        connection.close();
        await client.close();
      },
    };
  } catch (error) {
    await client?.close();
    throw error;
  }
}
