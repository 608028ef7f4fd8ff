import { connectEngine } from '../../engine/rpc.ts';
import { passed, skippedAs, skippedBecauseOf, type Check } from '../check.ts';
import type { CheckOutputs, CheckInput } from '../input.ts';
import type { Sourced } from '../../connection/inspect.ts';
import { handshakeCause, rpcCause, type EngineCause, type FailedCall } from '../causes/engine.ts';
import {
  callOptions,
  compareClocks,
  engineDialOptions,
  engineFinding,
  formatHandshakeFacts,
  requireEngine,
  statusFacts,
} from '../causes/engine-findings.ts';
import { decodeTokenUnverified } from '../../engine/material/token.ts';

export const systemInfoCheck: Check<CheckInput> = {
  id: 'KF-ENGINE-001',
  title: 'Engine connection (GetSystemInfo)',
  plane: 'engine',
  requires: ['KF-TOKEN-001', 'KF-TLS-003'],
  after: ['KF-CLOCK-001'],
  timeoutMs: 18_000,
  run: async ({ input, outputs, signal, onRunEnd, resultOf }) => {
    const connecting = await connectEngine(engineDialOptions(input, outputs, signal));
    if (!connecting.ok) {
      const cause = handshakeCause(connecting.facts, compareClocks(input, outputs));
      if (cause === undefined) throw new Error('the connection failed, but the facts show no cause');
      return engineFinding(cause, input, formatHandshakeFacts(connecting.facts));
    }
    const { connection } = connecting;
    onRunEnd(() => connection.close());
    const result = await connection.getSystemInfo(callOptions(input, outputs, signal));
    if (result.ok) {
      const { serverVersion } = result.value;
      const facts = { serverVersion, ms: Math.round(result.ms) };
      return passed(`Temporal server ${serverVersion}`, facts, { connection });
    }
    // Observed: Temporal's TypeScript SDK 1.24.0 then refuses to connect; KuFlow's Python SDK 3.5.0 connects. Any other
    // status stops both.
    if (result.kind === 'status' && result.name === 'UNIMPLEMENTED') {
      const summary =
        "the engine does not support this call; without it, a worker that uses Temporal's TypeScript SDK does not start, but KuFlow's Python SDK connects";
      return { ...skippedAs('restricted', summary, { status: result.name }), outputs: { connection } };
    }
    const cause = rpcCause(result, 'GetSystemInfo');
    // KuFlow's clock decides when a token expires, and the engine's when it is accepted.
    if (cause.code === 'engine-unauthenticated' && resultOf('KF-CLOCK-001')?.state === 'fail')
      return skippedBecauseOf('KF-CLOCK-001', cause.text);
    return engineFinding(cause, input, statusFacts(result));
  },
};

type OwnNamespace = ReturnType<typeof findOwnNamespace>;

function namespaceCause(result: FailedCall, namespace: Sourced<string>, own: OwnNamespace): EngineCause {
  const cause = rpcCause(result, 'DescribeNamespace', namespace.value);
  const isDenied = cause.code === 'engine-namespace-denied' || cause.code === 'engine-namespace-not-found';
  if (!isDenied || own === undefined || own.name === namespace.value) return cause;
  const text = `The engine does not accept the namespace ${namespace.value} (${namespace.source}): ${own.source} is for ${own.name}`;
  return { code: 'engine-namespace-differs', text };
}

export const namespaceCheck: Check<CheckInput> = {
  id: 'KF-ENGINE-002',
  title: 'Engine namespace (DescribeNamespace)',
  plane: 'engine',
  requires: ['KF-ENGINE-001'],
  timeoutMs: 8_000,
  run: async ({ input, outputs, signal }) => {
    const { connection, namespace } = requireEngine(outputs);
    const result = await connection.describeNamespace(namespace.value, callOptions(input, outputs, signal));
    const facts = { namespace: namespace.value, namespaceSource: namespace.source };
    if (result.ok) {
      const { name, state } = result.value;
      return passed(`${name}, ${state}`, { ...facts, state });
    }
    // Observed with @temporalio/worker 1.24.0: it starts without an answer only if the engine does not support the call.
    if (result.kind === 'status' && result.name === 'UNIMPLEMENTED') {
      return skippedAs('restricted', 'the engine restricts this call', { ...facts, status: result.name });
    }
    const own = findOwnNamespace(outputs);
    const cause = namespaceCause(result, namespace, own);
    const values = { namespace: own?.name ?? namespace.value };
    return engineFinding(cause, input, { ...facts, ...statusFacts(result) }, values);
  },
};

/**
 * The namespace that the token or the certificate of this application names: in the claim `namespace`, or as the organization (O) of the subject.
 * KuFlow documents neither of them, so this explains why the engine refuses a call, but is not a failure by itself. `source` is for use in a
 * sentence.
 */
function findOwnNamespace({ token, material }: CheckOutputs) {
  const reading = decodeTokenUnverified(token?.reveal() ?? '');
  if (reading.kind === 'jwt' && reading.namespace !== undefined)
    return { name: reading.namespace, source: 'the engine token' };
  const organization = /^O=(.+)$/m.exec(material?.subject ?? '')?.[1];
  return organization === undefined ? undefined : { name: organization, source: 'the client certificate' };
}
