import type { DialFailure, HandshakeFacts } from '../../engine/dial.ts';
import type { RpcResult } from '../../engine/rpc.ts';
import { formatSkew } from '../clock-skew.ts';
import type { EngineCauseCode } from '../explanations/engine.ts';

export interface EngineCause {
  readonly code: EngineCauseCode;
  /** What was observed, in one sentence. */
  readonly text: string;
}

const cause = (code: EngineCauseCode, text: string): EngineCause => ({ code, text });

const UNREACHABLE: readonly string[] = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'];

// OpenSSL's codes for bytes that are not a TLS record.
const PLAINTEXT: readonly string[] = [
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_UNEXPECTED_MESSAGE',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_RECORD_LAYER_FAILURE',
];

/** Alerts about HTTP/2, and those that a server sends only after examining the client certificate, unlike 40 (handshake failure). */
function alertCause(code: string, target: string): EngineCause | undefined {
  if (code.endsWith('ALERT_NO_APPLICATION_PROTOCOL'))
    return cause('engine-no-http2', `${target} speaks TLS but refuses HTTP/2`);
  if (code.endsWith('ALERT_CERTIFICATE_REQUIRED'))
    return cause('client-certificate-missing', 'The engine requires a client certificate but did not receive one');
  if (code.endsWith('ALERT_CERTIFICATE_EXPIRED'))
    return cause('client-certificate-expired', 'The engine reports that the client certificate has expired');
  const reason =
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)$/.exec(
      code,
    )?.[1];
  if (reason === undefined) return undefined;
  const why = reason.toLowerCase().replaceAll('_', ' ').replace(' ca', ' CA');
  return cause('client-certificate-refused', `The engine rejected the client certificate (${why})`);
}

function tlsCause({ code, timedOut, message }: DialFailure, target: string): EngineCause {
  if (timedOut) return cause('engine-silent', `${target} accepts connections but does not respond`);
  if (PLAINTEXT.includes(code)) return cause('engine-plaintext', `${target} does not speak TLS`);
  const alert = alertCause(code, target);
  if (alert !== undefined) return alert;
  if (code.endsWith('ALERT_HANDSHAKE_FAILURE'))
    return cause('engine-handshake-refused', `${target} rejected the TLS handshake without giving a reason`);
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return cause('engine-reset', `${target} reset the connection during the TLS handshake`);
  return cause('engine-handshake-failed', `The TLS handshake with ${target} failed: ${message}`);
}

function proxyStatusCause(status: number | undefined, target: string, proxy: string): EngineCause {
  if (status === 407)
    return cause(
      'proxy-authentication-required',
      `The proxy ${proxy} requires a user name and password, or rejected the ones you provided`,
    );
  if (status === 403) return cause('proxy-forbids', `The proxy ${proxy} does not allow a connection to ${target}`);
  if (status !== undefined && status >= 500)
    return cause('proxy-cannot-reach-engine', `The proxy ${proxy} could not reach ${target} (${status})`);
  return cause('proxy-answered-otherwise', `The proxy ${proxy} responded to CONNECT with ${status ?? 'no status'}`);
}

function proxyCause(failure: DialFailure, target: string, proxy: string): EngineCause {
  const { code, stage, timedOut, message } = failure;
  if (timedOut) return cause('proxy-timeout', `The proxy ${proxy} did not respond in time`);
  if (code === 'EAI_AGAIN') return cause('engine-resolver-down', 'The DNS server did not respond');
  if (stage === 'proxy-dns') return cause('proxy-host-not-found', `The host name of the proxy ${proxy} does not exist`);
  if (code === 'PROXY_STATUS') return proxyStatusCause(failure.proxyStatus, target, proxy);
  if (code === 'PROXY_SPEAKS_TLS')
    return cause('proxy-speaks-tls', `The proxy ${proxy} has an http:// address but speaks TLS`);
  if (code === 'PROXY_SPEAKS_SOCKS') return cause('proxy-speaks-socks', `The proxy ${proxy} speaks SOCKS, not HTTP`);
  if (code === 'PROXY_NOT_HTTP') return cause('proxy-not-http', `The server at ${proxy} is not an HTTP proxy`);
  if (code === 'PROXY_CLOSED')
    return cause('proxy-closed', `The proxy ${proxy} closed the connection without responding`);
  if (stage === 'proxy-tls')
    return cause('proxy-tls-failed', `The TLS handshake with the proxy ${proxy} failed: ${message}`);
  if (code === 'ECONNREFUSED') return cause('proxy-refused', `Nothing is listening at the proxy's address, ${proxy}`);
  if (UNREACHABLE.includes(code)) return cause('proxy-unreachable', `There is no network route to the proxy ${proxy}`);
  return cause('proxy-closed', `The connection to the proxy ${proxy} was lost: ${message}`);
}

function failureCause(failure: DialFailure, facts: HandshakeFacts): EngineCause {
  const { target, serverName } = facts;
  const { code, stage, timedOut, message } = failure;
  if (stage.startsWith('proxy-')) return proxyCause(failure, target, facts.proxy?.displayUrl ?? 'unknown');
  if (stage === 'tls') return tlsCause(failure, target);
  if (code === 'EAI_AGAIN') return cause('engine-resolver-down', 'The DNS server did not respond');
  if (stage === 'dns')
    return cause('engine-host-not-found', `The host name ${target.replace(/:\d+$/, '')} does not exist`);
  if (timedOut) return cause('engine-connect-timeout', `${target} did not respond in time`);
  if (code === 'ECONNREFUSED') return cause('engine-refused', `Nothing is listening at ${target}`);
  if (UNREACHABLE.includes(code)) return cause('engine-unreachable', `There is no network route to ${target}`);
  return cause('engine-connect-failed', `The connection to ${target} (${serverName}) failed: ${message}`);
}

/** The same moment by two clocks, milliseconds since the epoch. */
export interface ClockComparison {
  readonly here: number;
  readonly kuflow: number;
}

/** Whether the server's chain is expired or not yet valid by this machine's clock, which Node uses, but valid by KuFlow's. */
function isInvalidOnlyByLocalClock({ peer = [] }: HandshakeFacts, { here, kuflow }: ClockComparison): boolean {
  const isValidAt = (time: number): boolean =>
    peer.every(({ validFrom, validTo }) => Date.parse(validFrom) <= time && time <= Date.parse(validTo));
  return !isValidAt(here) && isValidAt(kuflow);
}

function trustCause(facts: HandshakeFacts, clocks: ClockComparison | undefined): EngineCause {
  const { target, serverName, authorizationError: code = 'unknown' } = facts;
  const leaf = facts.peer?.[0];
  const issuer = leaf === undefined ? '' : `, issued by "${leaf.issuer.replaceAll('\n', ', ')}",`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return cause(
      'engine-host-name-mismatch',
      `The certificate of ${target} is not for ${serverName}, but for other names (${leaf?.subjectAltName ?? 'none'})`,
    );
  const byDate = code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID';
  if (byDate && clocks !== undefined && isInvalidOnlyByLocalClock(facts, clocks)) {
    const life = `${leaf?.validFrom ?? 'date unknown'} to ${leaf?.validTo ?? 'date unknown'}`;
    const clock = `this machine's clock, which is ${formatSkew(clocks.here - clocks.kuflow)}`;
    return cause(
      'engine-certificate-by-clock',
      `The certificate of ${target} (${life}) is valid, but not according to ${clock}`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED')
    return cause(
      'engine-certificate-expired',
      `A certificate of ${target} has expired (${leaf?.validTo ?? 'date unknown'})`,
    );
  if (code === 'CERT_NOT_YET_VALID')
    return cause(
      'engine-certificate-not-yet-valid',
      `A certificate of ${target} is not valid yet (${leaf?.validFrom ?? 'date unknown'})`,
    );
  return cause(
    'engine-certificate-untrusted',
    `The certificate of ${target}${issuer} cannot be verified with the CA in use (${code})`,
  );
}

/**
 * The cause of a failed handshake, or undefined if the connection is usable. Only observations count; a timeout is `unknown`.
 * `clocks` is set if KuFlow's time is known.
 */
export function handshakeCause(facts: HandshakeFacts, clocks?: ClockComparison): EngineCause | undefined {
  const { target, after } = facts;
  if (facts.failure !== undefined) return failureCause(facts.failure, facts);
  if (facts.authorized === false) return trustCause(facts, clocks);
  if (after?.kind === 'alert' || after?.kind === 'error') {
    const text = `${target} rejected the connection right after the TLS handshake (${after.code})`;
    return alertCause(after.code, target) ?? cause('engine-handshake-refused', text);
  }
  if (after?.kind === 'http1') return cause('engine-http1', `${target} speaks HTTP/1.x, not HTTP/2`);
  if (facts.alpn !== 'h2')
    return cause(
      'engine-no-http2',
      `${target} does not negotiate HTTP/2 in the TLS handshake (ALPN: ${facts.alpn ?? 'none'})`,
    );
  if (after?.kind === 'other')
    return cause('engine-not-http2', `${target} negotiates HTTP/2 but then speaks another protocol`);
  if (after?.kind === 'closed')
    return cause(
      'engine-closed-after-handshake',
      `${target} closed the connection right after the TLS handshake without giving a reason; some servers do this to reject a client certificate`,
    );
  return undefined;
}

export type FailedCall = Extract<RpcResult<unknown>, { readonly ok: false }>;

/** The cause of a call without a usable response. `namespace`: that of the call, if the call asks for it. */
export function rpcCause(result: FailedCall, call: string, namespace?: string): EngineCause {
  if (result.kind === 'not-grpc')
    return cause(
      'engine-not-grpc',
      `The server that responded to ${call} is not a gRPC server (HTTP ${result.httpStatus}, ${result.contentType === '' ? 'no content type' : result.contentType})`,
    );
  if (result.kind === 'transport') {
    return result.timedOut
      ? cause('engine-call-timeout', `${call} did not get a response in time`)
      : cause('engine-connection-lost', `The connection was lost during ${call}: ${result.message}`);
  }
  const answer = `${call} returned ${result.name}`;
  switch (result.name) {
    case 'UNAUTHENTICATED':
      return cause('engine-unauthenticated', `The engine rejected the engine token: ${answer}`);
    case 'PERMISSION_DENIED':
      return namespace === undefined
        ? cause('engine-permission-denied', `The engine does not allow this application to connect: ${answer}`)
        : cause('engine-namespace-denied', `The engine denies access to the namespace ${namespace}: ${answer}`);
    case 'NOT_FOUND':
      return namespace === undefined
        ? cause('engine-call-failed', answer)
        : cause('engine-namespace-not-found', `The engine did not find the namespace ${namespace}: ${answer}`);
    case 'DEADLINE_EXCEEDED':
      return cause('engine-call-timeout', answer);
    case 'UNAVAILABLE':
    case 'RESOURCE_EXHAUSTED':
      return cause('engine-unavailable', `The engine is reachable but not ready: ${answer}`);
    default:
      return cause('engine-call-failed', answer);
  }
}
