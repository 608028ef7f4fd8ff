import { connectEngine } from '../../engine/rpc.ts';
import type { Check } from '../check.ts';
import type { CheckOutputs, CheckInput } from '../check-input.ts';
import { handshakeCause, rpcCause } from '../causes/engine.ts';
import {
  compareClocks,
  engineDialOptions,
  engineFinding,
  formatHandshakeFacts,
  stepMs,
} from '../causes/engine-findings.ts';

export const systemInfoCheck: Check<CheckInput, CheckOutputs> = {
  id: 'KF-ENGINE-001',
  title: 'Engine connection (GetSystemInfo)',
  plane: 'engine',
  docs: 'kf-engine-001',
  requires: ['KF-TOKEN-001', 'KF-TLS-003'],
  offline: false,
  timeoutMs: 18_000,
  run: async ({ input, outputs, signal, onRunEnd }) => {
    const connecting = await connectEngine(engineDialOptions(input, outputs, signal));
    if (!connecting.ok) {
      const cause = handshakeCause(connecting.facts, compareClocks(input, outputs));
      if (cause === undefined) throw new Error('the connection failed, but the facts show no cause');
      return engineFinding(cause, input, formatHandshakeFacts(connecting.facts));
    }
    const { connection } = connecting;
    onRunEnd(() => connection.close());
    const result = await connection.getSystemInfo({
      timeoutMs: stepMs(input),
      signal,
      token: outputs.token,
    });
    if (result.ok) {
      const { serverVersion } = result.value;
      return {
        state: 'pass',
        summary: `Temporal server ${serverVersion}`,
        facts: { serverVersion, ms: Math.round(result.ms) },
        outputs: { connection },
      };
    }
    // Observed: Temporal's TypeScript SDK 1.24.0 then refuses to connect; KuFlow's Python SDK 3.5.0 connects. Any other
    // status stops both.
    if (result.kind === 'status' && result.name === 'UNIMPLEMENTED') {
      return {
        state: 'skip',
        skipped: 'restricted',
        summary:
          "the engine does not support this call; a worker that uses Temporal's TypeScript SDK does not start without it, KuFlow's Python SDK does",
        facts: { status: result.name },
        outputs: { connection },
      };
    }
    return engineFinding(
      rpcCause(result, 'GetSystemInfo'),
      input,
      result.kind === 'status' ? { status: result.name, message: result.message } : {},
    );
  },
};

export const namespaceCheck: Check<CheckInput, CheckOutputs> = {
  id: 'KF-ENGINE-002',
  title: 'Engine namespace (DescribeNamespace)',
  plane: 'engine',
  docs: 'kf-engine-002',
  requires: ['KF-ENGINE-001'],
  offline: false,
  timeoutMs: 8_000,
  run: async ({ input, outputs, signal }) => {
    const { connection, namespace, token } = outputs;
    if (connection === undefined || namespace === undefined)
      throw new Error('earlier checks provided no connection or namespace');
    const result = await connection.describeNamespace(namespace.value, {
      timeoutMs: stepMs(input),
      signal,
      token,
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
        // Observed with @temporalio/worker 1.24.0: it starts without an answer only if the engine does not support the call.
        summary:
          result.name === 'PERMISSION_DENIED'
            ? "the engine denies this call, which Temporal's SDK makes when a worker starts; a worker that is denied it too does not start"
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
