import { connectEngine } from '../../engine/rpc.ts';
import type { Check } from '../check.ts';
import type { CheckFacts, CheckInput } from '../check-input.ts';
import { handshakeCause, rpcCause } from '../causes/engine.ts';
import { clocksOf, dialOptions, engineFinding, handshakeFactList, stepMs } from '../causes/engine-findings.ts';

export const systemInfo: Check<CheckInput, CheckFacts> = {
  id: 'KF-ENGINE-001',
  title: 'Engine answers (GetSystemInfo)',
  plane: 'engine',
  docs: 'kf-engine-001',
  requires: ['KF-TOKEN-001', 'KF-TLS-003'],
  offline: false,
  timeoutMs: 18_000,
  run: async ({ input, found, signal, atEnd }) => {
    const connecting = await connectEngine(dialOptions(input, found, signal));
    if (!connecting.ok) {
      const cause = handshakeCause(connecting.facts, clocksOf(input, found));
      if (cause === undefined) throw new Error('the connection failed without a cause');
      return engineFinding(cause, input, handshakeFactList(connecting.facts));
    }
    const { connection } = connecting;
    atEnd(() => connection.close());
    const result = await connection.getSystemInfo({
      timeoutMs: stepMs(input),
      signal,
      ...(found.token && { token: found.token }),
    });
    if (result.ok) {
      const { serverVersion } = result.value;
      return {
        state: 'pass',
        summary: `Temporal server ${serverVersion}`,
        facts: { serverVersion, ms: Math.round(result.ms) },
        found: { connection },
      };
    }
    // As seen: Temporal's TypeScript SDK 1.24.0 does not connect then, KuFlow's Python SDK 3.5.0 does. Any other status ends both.
    if (result.kind === 'status' && result.name === 'UNIMPLEMENTED') {
      return {
        state: 'skip',
        skipped: 'restricted',
        summary:
          "the engine does not have this call, with which Temporal's TypeScript SDK connects: a worker that uses it does not start; KuFlow's Python SDK goes on without",
        facts: { status: result.name },
        found: { connection },
      };
    }
    return engineFinding(
      rpcCause(result, 'GetSystemInfo'),
      input,
      result.kind === 'status' ? { status: result.name, message: result.message } : {},
    );
  },
};

export const describeNamespace: Check<CheckInput, CheckFacts> = {
  id: 'KF-ENGINE-002',
  title: 'Namespace (DescribeNamespace)',
  plane: 'engine',
  docs: 'kf-engine-002',
  requires: ['KF-ENGINE-001'],
  offline: false,
  timeoutMs: 8_000,
  run: async ({ input, found, signal }) => {
    const { connection, namespace, token } = found;
    if (connection === undefined || namespace === undefined)
      throw new Error('no connection or namespace was found before');
    const result = await connection.describeNamespace(namespace.value, {
      timeoutMs: stepMs(input),
      signal,
      ...(token && { token }),
    });
    const facts = { namespace: namespace.value, namespaceSource: namespace.source };
    if (result.ok)
      return {
        state: 'pass',
        summary: `${result.value.name}, ${result.value.state}`,
        facts: { ...facts, state: result.value.state },
      };
    if (result.kind === 'status' && (result.name === 'PERMISSION_DENIED' || result.name === 'UNIMPLEMENTED')) {
      return {
        state: 'skip',
        skipped: 'restricted',
        // As seen with @temporalio/worker 1.24.0, which goes on without an answer only where the engine does not have the call.
        summary:
          result.name === 'PERMISSION_DENIED'
            ? "the engine denies this call, which Temporal's SDK makes as a worker starts: one that is denied it too does not start"
            : 'the engine restricts this call',
        facts: { ...facts, status: result.name },
      };
    }
    const cause = rpcCause(result, 'DescribeNamespace', namespace.value);
    return engineFinding(
      cause,
      input,
      result.kind === 'status' ? { ...facts, status: result.name, message: result.message } : facts,
    );
  },
};
