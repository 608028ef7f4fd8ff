import type { DialFailure } from '../../engine/dial/dial.ts';
import type { HandshakeFacts } from '../../engine/dial/handshake.ts';
import type { RpcResult } from '../../engine/rpc.ts';
import type { Cause } from '../check.ts';
import { skewPhrase } from '../clock-skew.ts';
import { engineCauses, type EngineCauseCode } from '../explanations/engine.ts';

export interface EngineCause extends Cause {
  readonly code: EngineCauseCode;
}

/** What was seen; whether that is a failure stands with the explanation of the code. */
const seen = (code: EngineCauseCode, text: string): EngineCause => ({
  code,
  verdict: engineCauses[code].verdict,
  text,
});

const UNREACHABLE: readonly string[] = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'];

// OpenSSL's words for bytes that are no TLS record.
const PLAINTEXT: readonly string[] = [
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_UNEXPECTED_MESSAGE',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_RECORD_LAYER_FAILURE',
];

/** Alerts that only a server that looked at the client certificate sends; 40 (handshake failure) is not among them. */
function clientCertificateAlert(code: string): EngineCause | undefined {
  if (code.endsWith('ALERT_CERTIFICATE_REQUIRED')) {
    return seen('client-certificate-missing', 'The engine asks for a client certificate and got none');
  }
  if (code.endsWith('ALERT_CERTIFICATE_EXPIRED')) {
    return seen('client-certificate-expired', 'The engine says that the client certificate has expired');
  }
  const reason =
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)$/.exec(
      code,
    )?.[1];
  if (reason === undefined) return undefined;
  const why = reason.toLowerCase().replaceAll('_', ' ').replace(' ca', ' CA');
  return seen('client-certificate-refused', `The engine refused the client certificate (${why})`);
}

function tlsCause({ code, timedOut, message }: DialFailure, target: string): EngineCause {
  if (timedOut) return seen('engine-silent', `${target} accepts connections, and then says nothing`);
  if (PLAINTEXT.includes(code)) return seen('engine-plaintext', `${target} does not speak TLS`);
  if (code.endsWith('ALERT_NO_APPLICATION_PROTOCOL'))
    return seen('engine-no-http2', `${target} speaks TLS, and refuses HTTP/2`);
  const client = clientCertificateAlert(code);
  if (client !== undefined) return client;
  if (code.endsWith('ALERT_HANDSHAKE_FAILURE')) {
    return seen('engine-handshake-refused', `${target} refused the TLS handshake without saying why`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return seen('engine-reset', `${target} cut the connection during the TLS handshake`);
  return seen('engine-handshake-failed', `The TLS handshake with ${target} failed: ${message}`);
}

function proxyStatusCause(status: number | undefined, target: string, proxy: string): EngineCause {
  if (status === 407)
    return seen(
      'proxy-authentication-required',
      `The proxy ${proxy} wants a user and a password, or others than those it got`,
    );
  if (status === 403) return seen('proxy-forbids', `The proxy ${proxy} does not allow a connection to ${target}`);
  if (status !== undefined && status >= 500) {
    return seen('proxy-cannot-reach-engine', `The proxy ${proxy} could not reach ${target} (${status})`);
  }
  return seen('proxy-answered-otherwise', `The proxy ${proxy} answered CONNECT with ${status ?? 'no status'}`);
}

function proxyCause(failure: DialFailure, target: string, proxy: string): EngineCause {
  const { code, stage, timedOut, message } = failure;
  if (timedOut) return seen('proxy-timeout', `The proxy ${proxy} did not answer in time`);
  if (code === 'EAI_AGAIN') return seen('engine-resolver-down', 'The name server did not answer');
  if (stage === 'proxy-dns') return seen('proxy-host-not-found', `The host name of the proxy ${proxy} does not exist`);
  if (code === 'PROXY_STATUS') return proxyStatusCause(failure.proxyStatus, target, proxy);
  if (code === 'PROXY_SPEAKS_TLS')
    return seen('proxy-speaks-tls', `The proxy ${proxy} speaks TLS, and its address says http://`);
  if (code === 'PROXY_NOT_HTTP') return seen('proxy-not-http', `What answers at ${proxy} is no HTTP proxy`);
  if (code === 'PROXY_CLOSED')
    return seen('proxy-closed', `The proxy ${proxy} closed the connection without an answer`);
  if (stage === 'proxy-tls')
    return seen('proxy-tls-failed', `The TLS handshake with the proxy ${proxy} failed: ${message}`);
  if (code === 'ECONNREFUSED') return seen('proxy-refused', `Nothing listens at the proxy's address ${proxy}`);
  if (UNREACHABLE.includes(code)) return seen('proxy-unreachable', `There is no route to the proxy ${proxy}`);
  return seen('proxy-closed', `The connection to the proxy ${proxy} broke: ${message}`);
}

function failureCause(failure: DialFailure, facts: HandshakeFacts): EngineCause {
  const { target, serverName } = facts;
  const { code, stage, timedOut, message } = failure;
  if (stage.startsWith('proxy-')) return proxyCause(failure, target, facts.proxy?.shown ?? 'unknown');
  if (stage === 'tls') return tlsCause(failure, target);
  if (code === 'EAI_AGAIN') return seen('engine-resolver-down', 'The name server did not answer');
  if (stage === 'dns')
    return seen('engine-host-not-found', `The host name ${target.replace(/:\d+$/, '')} does not exist`);
  if (timedOut) return seen('engine-connect-timeout', `${target} did not answer in time`);
  if (code === 'ECONNREFUSED') return seen('engine-refused', `Nothing listens at ${target}`);
  if (UNREACHABLE.includes(code)) return seen('engine-unreachable', `There is no route to ${target}`);
  return seen('engine-connect-failed', `The connection to ${target} (${serverName}) failed: ${message}`);
}

/** The same moment by two clocks, milliseconds since the epoch. */
export interface ClockComparison {
  readonly here: number;
  readonly kuflow: number;
}

/** Whether the server's chain is outside its validity by this machine's clock, by which Node judged it, and within it by KuFlow's. */
function isByClock({ peer = [] }: HandshakeFacts, { here, kuflow }: ClockComparison): boolean {
  const isWithin = (time: number): boolean =>
    peer.every(({ validFrom, validTo }) => Date.parse(validFrom) <= time && time <= Date.parse(validTo));
  return !isWithin(here) && isWithin(kuflow);
}

function trustCause(facts: HandshakeFacts, clocks: ClockComparison | undefined): EngineCause {
  const { target, serverName, authorizationError: code = 'unknown' } = facts;
  const leaf = facts.peer?.[0];
  const issuer = leaf === undefined ? '' : `, which was issued by "${leaf.issuer.replaceAll('\n', ', ')}"`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return seen(
      'engine-host-name-mismatch',
      `The certificate of ${target} is for other names (${leaf?.subjectAltName ?? 'none'}), not for ${serverName}`,
    );
  }
  const byDate = code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID';
  if (byDate && clocks !== undefined && isByClock(facts, clocks)) {
    const life = `${leaf?.validFrom ?? 'date unknown'} to ${leaf?.validTo ?? 'date unknown'}`;
    const clock = `this machine's clock, which is ${skewPhrase(clocks.here - clocks.kuflow)}`;
    return seen('engine-certificate-by-clock', `The certificate of ${target} (${life}) is not valid only by ${clock}`);
  }
  if (code === 'CERT_HAS_EXPIRED')
    return seen(
      'engine-certificate-expired',
      `A certificate of ${target} has expired (${leaf?.validTo ?? 'date unknown'})`,
    );
  if (code === 'CERT_NOT_YET_VALID') {
    return seen(
      'engine-certificate-not-yet-valid',
      `A certificate of ${target} is not valid yet (${leaf?.validFrom ?? 'date unknown'})`,
    );
  }
  return seen(
    'engine-certificate-untrusted',
    `The CA in use does not vouch for the certificate of ${target}${issuer} (${code})`,
  );
}

/**
 * The cause of a handshake that is not usable, or undefined when it is. Only what was seen decides; a time-out is `unknown`.
 * `clocks`: where KuFlow's time is known.
 */
export function handshakeCause(facts: HandshakeFacts, clocks?: ClockComparison): EngineCause | undefined {
  const { target, after } = facts;
  if (facts.failure !== undefined) return failureCause(facts.failure, facts);
  if (facts.authorized === false) return trustCause(facts, clocks);
  if (after?.kind === 'alert' || after?.kind === 'error') {
    const client = clientCertificateAlert(after.code);
    if (client !== undefined) return client;
    if (after.code.endsWith('ALERT_NO_APPLICATION_PROTOCOL'))
      return seen('engine-no-http2', `${target} speaks TLS, and refuses HTTP/2`);
    return seen(
      'engine-handshake-refused',
      `${target} refused the connection right after the TLS handshake (${after.code})`,
    );
  }
  if (after?.kind === 'http1') return seen('engine-http1', `${target} speaks HTTP/1.x, not HTTP/2`);
  if (facts.alpn !== 'h2')
    return seen(
      'engine-no-http2',
      `${target} does not agree on HTTP/2 in the TLS handshake (ALPN: ${facts.alpn ?? 'none'})`,
    );
  if (after?.kind === 'other')
    return seen('engine-not-http2', `${target} agrees on HTTP/2 and then speaks something else`);
  if (after?.kind === 'closed') {
    return seen(
      'engine-closed-after-handshake',
      `${target} closed the connection right after the TLS handshake without saying why; servers do so when they refuse a client certificate`,
    );
  }
  return undefined;
}

/** The cause of a call that got no usable answer. */
export function rpcCause(
  result: Extract<RpcResult<unknown>, { readonly ok: false }>,
  call: string,
  namespace?: string,
): EngineCause {
  if (result.kind === 'not-grpc') {
    return seen(
      'engine-not-grpc',
      `What answered ${call} is no gRPC server (HTTP ${result.httpStatus}, ${result.contentType === '' ? 'no content type' : result.contentType})`,
    );
  }
  if (result.kind === 'transport') {
    return result.timedOut
      ? seen('engine-call-timeout', `${call} got no answer in time`)
      : seen('engine-connection-lost', `The connection broke during ${call}: ${result.message}`);
  }
  const said = `${call} was answered with ${result.name}`;
  switch (result.name) {
    case 'UNAUTHENTICATED':
      return seen('engine-unauthenticated', `The engine did not accept the engine token: ${said}`);
    case 'PERMISSION_DENIED':
      return seen('engine-permission-denied', `The engine does not allow this application to use it: ${said}`);
    case 'NOT_FOUND':
      return namespace === undefined
        ? seen('engine-call-failed', said)
        : seen('engine-namespace-not-found', `The engine does not know the namespace ${namespace}: ${said}`);
    case 'DEADLINE_EXCEEDED':
      return seen('engine-call-timeout', said);
    case 'UNAVAILABLE':
    case 'RESOURCE_EXHAUSTED':
      return seen('engine-unavailable', `The engine is there, and not ready: ${said}`);
    default:
      return seen('engine-call-failed', said);
  }
}
