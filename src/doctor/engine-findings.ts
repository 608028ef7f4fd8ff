import type { DialOptions } from '../engine/dial/dial.ts';
import type { HandshakeFacts } from '../engine/dial/handshake.ts';
import { readTarget } from '../engine/dial/target.ts';
import { engineAdvice, type EnginePlace } from './advice.ts';
import type { Facts, Finding } from './check.ts';
import type { ConnectionFound, ConnectionInput } from './connection-input.ts';
import type { EngineCause } from './engine-causes.ts';

/** Milliseconds for one step at the engine. */
export function stepMs(input: ConnectionInput): number {
  return input.stepMs ?? 5_000;
}

function target(input: ConnectionInput): { readonly host: string; readonly port: number } {
  const reading = readTarget(input.target.value);
  if (!reading.ok) throw new Error(`temporal.target: ${reading.problem}`);
  return reading.target;
}

/** How the engine is dialled with this input and the material found before. */
export function dialOptions(
  input: ConnectionInput,
  found: Readonly<Partial<ConnectionFound>>,
  signal: AbortSignal,
): DialOptions {
  if (found.material === undefined) throw new Error('no certificate was found before');
  return {
    target: target(input),
    material: found.material,
    proxy: input.engineProxy,
    timeoutMs: stepMs(input),
    signal,
    ...(input.serverName && { serverName: input.serverName.value }),
    ...(input.proxyCa && { proxyCa: input.proxyCa }),
  };
}

function placeOf(input: ConnectionInput): EnginePlace {
  const { host, port } = target(input);
  return {
    host,
    port,
    serverName: input.serverName?.value ?? host,
    targetSource: input.target.source,
    endpoint: input.endpoint.value,
    namespaceSource: input.namespace?.source ?? "KuFlow's engine certificate",
    ...(input.engineProxy.kind === 'proxy' && { proxySource: input.engineProxy.source }),
    ...(input.material.kind === 'given' && { materialSource: input.material.source }),
  };
}

/** A cause on the engine's side as a check's answer. */
export function engineFinding(cause: EngineCause, input: ConnectionInput, facts: Facts): Finding<never> {
  return { state: cause.verdict, summary: cause.text, facts, cause, advice: engineAdvice(cause.code, placeOf(input)) };
}

/** The facts of a handshake, flat, for results. */
export function handshakeFactList(facts: HandshakeFacts): Facts {
  const { failure, after, proxy, peer } = facts;
  const leaf = peer?.[0];
  return {
    target: facts.target,
    serverName: facts.serverName,
    ...(proxy && { proxy: proxy.shown, proxySource: proxy.source }),
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
