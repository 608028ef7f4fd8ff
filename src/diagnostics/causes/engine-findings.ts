import { formatHostPort, readTarget } from '../../network/address.ts';
import type { DialOptions, HandshakeFacts } from '../../engine/dial.ts';
import type { CallOptions } from '../../engine/rpc.ts';
import { skippedAs, type Facts, type Finding } from '../check.ts';
import type { CheckOutputs, CheckInput } from '../input.ts';
import { correctedNow } from '../clock-skew.ts';
import { rpcCause, type EngineCause, type ClockComparison, type FailedCall } from './engine.ts';
import { fillAdvice } from '../advice.ts';
import { engineCauses } from '../explanations/engine.ts';

function parseTarget(input: CheckInput): { readonly host: string; readonly port: number } {
  const reading = readTarget(input.target.value);
  if (!reading.ok) throw new Error(`temporal.target: ${reading.problem}`);
  return reading.target;
}

/** Dials the engine with this input and the certificate from an earlier check. */
export function engineDialOptions(input: CheckInput, outputs: CheckOutputs, signal: AbortSignal): DialOptions {
  if (outputs.material === undefined) throw new Error('KF-TLS-001 provided no certificate');
  return {
    target: parseTarget(input),
    material: outputs.material,
    proxy: input.engineProxy,
    timeoutMs: input.stepMs,
    signal,
    serverName: input.serverName?.value,
    proxyCa: input.proxyCa,
  };
}

export function callOptions(input: CheckInput, { token }: CheckOutputs, signal: AbortSignal): CallOptions {
  return { timeoutMs: input.stepMs, signal, token };
}

export function requireEngine({ connection, namespace }: CheckOutputs) {
  if (connection === undefined || namespace === undefined)
    throw new Error('earlier checks provided no connection or namespace');
  return { connection, namespace };
}

function adviceValues(input: CheckInput): Readonly<Record<string, string>> {
  const { host, port } = parseTarget(input);
  return {
    host,
    target: formatHostPort({ host, port }),
    'server-name': input.serverName?.value ?? host,
    'target-source': input.target.source,
    endpoint: input.endpoint.value,
    'namespace-source': input.namespace?.source ?? "KuFlow's engine certificate",
    ...(input.engineProxy.kind === 'proxy' && { 'proxy-source': input.engineProxy.source }),
    ...(input.material.kind === 'given' && { material: input.material.source }),
  };
}

/** This machine's clock and KuFlow's; they differ only if the skew is larger than latency explains. */
export function compareClocks(input: CheckInput, outputs: CheckOutputs): ClockComparison {
  return { here: input.clock.now(), kuflow: correctedNow(input, outputs) };
}

/** Causes that the choice between a proxy and a direct connection can have. */
const ROUTE_CODE = /^(proxy|engine-(host-not-found|refused|unreachable|connect))/;

/** A finding with the verdict and advice from the explanation of the cause. `values`: more placeholders of the advice. */
export function engineFinding(
  { code, text }: EngineCause,
  input: CheckInput,
  facts: Facts,
  values: Readonly<Record<string, string>> = {},
): Finding {
  const { verdict, advice: templates } = engineCauses[code];
  const certificate = input.material.kind === 'given' ? 'given' : 'issued';
  const advice = fillAdvice(templates, { ...adviceValues(input), ...values }, { certificate });
  const route = ROUTE_CODE.test(code) ? input.routeHints.engine.map((hint) => ({ text: hint })) : [];
  return { state: verdict, summary: text, facts, cause: { code, verdict, text }, advice: [...route, ...advice] };
}

export const statusFacts = (result: FailedCall): Facts =>
  result.kind === 'status' ? { status: result.name, message: result.message } : {};

/** The finding for a call that a worker does not need: a skip if the engine restricts it. */
export function optionalCallFinding(result: FailedCall, call: string, input: CheckInput, facts: Facts = {}): Finding {
  if (result.kind === 'status' && (result.name === 'PERMISSION_DENIED' || result.name === 'UNIMPLEMENTED'))
    return skippedAs('restricted', 'the engine restricts this call', { status: result.name });
  return engineFinding(rpcCause(result, call), input, facts);
}

export function formatHandshakeFacts(facts: HandshakeFacts): Facts {
  const { failure, after, proxy, peer } = facts;
  const leaf = peer?.[0];
  return {
    target: facts.target,
    serverName: facts.serverName,
    ...(proxy && { proxy: proxy.displayUrl, proxySource: proxy.source }),
    ...(facts.addresses && { addresses: facts.addresses }),
    ...(facts.connectMs !== undefined && { connectMs: Math.round(facts.connectMs) }),
    ...(facts.handshakeMs !== undefined && { handshakeMs: Math.round(facts.handshakeMs) }),
    ...(facts.protocol && { protocol: facts.protocol }),
    ...(facts.alpn && { alpn: facts.alpn }),
    ...(leaf && { serverSubject: leaf.subject, serverIssuer: leaf.issuer, serverValidTo: leaf.validTo }),
    ...(facts.authorizationError && { authorizationError: facts.authorizationError }),
    ...(after && { afterHandshake: 'code' in after ? after.code : after.kind }),
    ...(failure && { failedAt: failure.stage, code: failure.code, message: failure.message }),
  };
}
