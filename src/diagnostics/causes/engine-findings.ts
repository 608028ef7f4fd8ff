import { formatHostPort } from '../../network/address.ts';
import type { DialOptions } from '../../engine/dial/dial.ts';
import type { HandshakeFacts } from '../../engine/dial/handshake.ts';
import { readTarget } from '../../engine/dial/target.ts';
import type { Facts, Finding } from '../check.ts';
import type { CheckFacts, CheckInput } from '../check-input.ts';
import { correctedNow } from '../input.ts';
import type { EngineCause, ClockComparison } from './engine.ts';
import { interpolateSteps } from '../explain-finding.ts';
import { engineCauses } from '../explanations/engine.ts';

/** Milliseconds for one step at the engine. */
export function stepMs(input: CheckInput): number {
  return input.stepMs ?? 5_000;
}

function target(input: CheckInput): { readonly host: string; readonly port: number } {
  const reading = readTarget(input.target.value);
  if (!reading.ok) throw new Error(`temporal.target: ${reading.problem}`);
  return reading.target;
}

/** How the engine is dialled with this input and the material found before. */
export function dialOptions(input: CheckInput, found: Readonly<Partial<CheckFacts>>, signal: AbortSignal): DialOptions {
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

/** For the placeholders of the steps. */
function valuesOf(input: CheckInput): Readonly<Record<string, string>> {
  const { host, port } = target(input);
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

/** This machine's clock beside KuFlow's, where the two differ by more than latency. */
export function clocksOf(input: CheckInput, found: Readonly<Partial<CheckFacts>>): ClockComparison {
  return { here: input.clock.now(), kuflow: correctedNow(input, found) };
}

/** A cause on the engine's side as a check's answer, with the steps that its explanation has. */
export function engineFinding(cause: EngineCause, input: CheckInput, facts: Facts): Finding<never> {
  const { verdict, steps } = engineCauses[cause.code];
  const certificate = input.material.kind === 'given' ? 'given' : 'issued';
  const advice = interpolateSteps(steps, valuesOf(input), certificate);
  return { state: verdict, summary: cause.text, facts, cause, advice };
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
