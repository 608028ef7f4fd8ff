import type { DialFailure } from '../engine/dial/dial.ts';
import type { HandshakeFacts } from '../engine/dial/handshake.ts';
import type { RpcResult } from '../engine/rpc.ts';
import type { Cause } from './check.ts';

export type EngineCauseCode =
  | 'engine-host-not-found'
  | 'engine-resolver-down'
  | 'engine-refused'
  | 'engine-unreachable'
  | 'engine-connect-timeout'
  | 'engine-connect-failed'
  | 'engine-silent'
  | 'engine-plaintext'
  | 'engine-reset'
  | 'engine-handshake-refused'
  | 'engine-handshake-failed'
  | 'engine-certificate-untrusted'
  | 'engine-certificate-expired'
  | 'engine-certificate-not-yet-valid'
  | 'engine-host-name-mismatch'
  | 'engine-no-http2'
  | 'engine-http1'
  | 'engine-not-http2'
  | 'engine-closed-after-handshake'
  | 'client-certificate-missing'
  | 'client-certificate-refused'
  | 'client-certificate-expired'
  | 'proxy-host-not-found'
  | 'proxy-refused'
  | 'proxy-unreachable'
  | 'proxy-timeout'
  | 'proxy-tls-failed'
  | 'proxy-speaks-tls'
  | 'proxy-not-http'
  | 'proxy-closed'
  | 'proxy-authentication-required'
  | 'proxy-forbids'
  | 'proxy-cannot-reach-engine'
  | 'proxy-answered-otherwise'
  | 'engine-unauthenticated'
  | 'engine-permission-denied'
  | 'engine-namespace-not-found'
  | 'engine-unavailable'
  | 'engine-call-timeout'
  | 'engine-call-failed'
  | 'engine-not-grpc'
  | 'engine-connection-lost';

export interface EngineCause extends Cause {
  readonly code: EngineCauseCode;
  readonly verdict: 'fail' | 'unknown';
}

const fail = (code: EngineCauseCode, text: string): EngineCause => ({ code, verdict: 'fail', text });
const unknown = (code: EngineCauseCode, text: string): EngineCause => ({ code, verdict: 'unknown', text });

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
    return fail('client-certificate-missing', 'The engine asks for a client certificate and got none');
  }
  if (code.endsWith('ALERT_CERTIFICATE_EXPIRED')) {
    return fail('client-certificate-expired', 'The engine says that the client certificate has expired');
  }
  const reason =
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)$/.exec(
      code,
    )?.[1];
  if (reason === undefined) return undefined;
  const why = reason.toLowerCase().replaceAll('_', ' ').replace(' ca', ' CA');
  return fail('client-certificate-refused', `The engine refused the client certificate (${why})`);
}

function tlsCause({ code, timedOut, message }: DialFailure, target: string): EngineCause {
  if (timedOut) return unknown('engine-silent', `${target} accepts connections, and then says nothing`);
  if (PLAINTEXT.includes(code)) return fail('engine-plaintext', `${target} does not speak TLS`);
  if (code.endsWith('ALERT_NO_APPLICATION_PROTOCOL'))
    return fail('engine-no-http2', `${target} speaks TLS, and refuses HTTP/2`);
  const client = clientCertificateAlert(code);
  if (client !== undefined) return client;
  if (code.endsWith('ALERT_HANDSHAKE_FAILURE')) {
    return fail('engine-handshake-refused', `${target} refused the TLS handshake without saying why`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return fail('engine-reset', `${target} cut the connection during the TLS handshake`);
  return fail('engine-handshake-failed', `The TLS handshake with ${target} failed: ${message}`);
}

function proxyStatusCause(status: number | undefined, target: string, proxy: string): EngineCause {
  if (status === 407)
    return fail(
      'proxy-authentication-required',
      `The proxy ${proxy} wants a user and a password, or others than those it got`,
    );
  if (status === 403) return fail('proxy-forbids', `The proxy ${proxy} does not allow a connection to ${target}`);
  if (status !== undefined && status >= 500) {
    return fail('proxy-cannot-reach-engine', `The proxy ${proxy} could not reach ${target} (${status})`);
  }
  return fail('proxy-answered-otherwise', `The proxy ${proxy} answered CONNECT with ${status ?? 'no status'}`);
}

function proxyCause(failure: DialFailure, target: string, proxy: string): EngineCause {
  const { code, stage, timedOut, message } = failure;
  if (timedOut) return unknown('proxy-timeout', `The proxy ${proxy} did not answer in time`);
  if (code === 'EAI_AGAIN') return unknown('engine-resolver-down', 'The name server did not answer');
  if (stage === 'proxy-dns') return fail('proxy-host-not-found', `The host name of the proxy ${proxy} does not exist`);
  if (code === 'PROXY_STATUS') return proxyStatusCause(failure.proxyStatus, target, proxy);
  if (code === 'PROXY_SPEAKS_TLS')
    return fail('proxy-speaks-tls', `The proxy ${proxy} speaks TLS, and its address says http://`);
  if (code === 'PROXY_NOT_HTTP') return fail('proxy-not-http', `What answers at ${proxy} is no HTTP proxy`);
  if (code === 'PROXY_CLOSED')
    return fail('proxy-closed', `The proxy ${proxy} closed the connection without an answer`);
  if (stage === 'proxy-tls')
    return fail('proxy-tls-failed', `The TLS handshake with the proxy ${proxy} failed: ${message}`);
  if (code === 'ECONNREFUSED') return fail('proxy-refused', `Nothing listens at the proxy's address ${proxy}`);
  if (UNREACHABLE.includes(code)) return fail('proxy-unreachable', `There is no route to the proxy ${proxy}`);
  return fail('proxy-closed', `The connection to the proxy ${proxy} broke: ${message}`);
}

function failureCause(failure: DialFailure, facts: HandshakeFacts): EngineCause {
  const { target, serverName } = facts;
  const { code, stage, timedOut, message } = failure;
  if (stage.startsWith('proxy-')) return proxyCause(failure, target, facts.proxy?.shown ?? 'unknown');
  if (stage === 'tls') return tlsCause(failure, target);
  if (code === 'EAI_AGAIN') return unknown('engine-resolver-down', 'The name server did not answer');
  if (stage === 'dns')
    return fail('engine-host-not-found', `The host name ${target.replace(/:\d+$/, '')} does not exist`);
  if (timedOut) return unknown('engine-connect-timeout', `${target} did not answer in time`);
  if (code === 'ECONNREFUSED') return fail('engine-refused', `Nothing listens at ${target}`);
  if (UNREACHABLE.includes(code)) return fail('engine-unreachable', `There is no route to ${target}`);
  return fail('engine-connect-failed', `The connection to ${target} (${serverName}) failed: ${message}`);
}

function trustCause(facts: HandshakeFacts): EngineCause {
  const { target, serverName, authorizationError: code = 'unknown' } = facts;
  const leaf = facts.peer?.[0];
  const issuer = leaf === undefined ? '' : `, which was issued by "${leaf.issuer.replaceAll('\n', ', ')}"`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fail(
      'engine-host-name-mismatch',
      `The certificate of ${target} is for other names (${leaf?.subjectAltName ?? 'none'}), not for ${serverName}`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED')
    return fail(
      'engine-certificate-expired',
      `A certificate of ${target} has expired (${leaf?.validTo ?? 'date unknown'})`,
    );
  if (code === 'CERT_NOT_YET_VALID') {
    return fail(
      'engine-certificate-not-yet-valid',
      `A certificate of ${target} is not valid yet (${leaf?.validFrom ?? 'date unknown'})`,
    );
  }
  return fail(
    'engine-certificate-untrusted',
    `The CA in use does not vouch for the certificate of ${target}${issuer} (${code})`,
  );
}

/** The cause of a handshake that is not usable, or undefined when it is. Only what was seen decides; a time-out is `unknown`. */
export function handshakeCause(facts: HandshakeFacts): EngineCause | undefined {
  const { target, after } = facts;
  if (facts.failure !== undefined) return failureCause(facts.failure, facts);
  if (facts.authorized === false) return trustCause(facts);
  if (after?.kind === 'alert' || after?.kind === 'error') {
    const client = clientCertificateAlert(after.code);
    if (client !== undefined) return client;
    if (after.code.endsWith('ALERT_NO_APPLICATION_PROTOCOL'))
      return fail('engine-no-http2', `${target} speaks TLS, and refuses HTTP/2`);
    return fail(
      'engine-handshake-refused',
      `${target} refused the connection right after the TLS handshake (${after.code})`,
    );
  }
  if (after?.kind === 'http1') return fail('engine-http1', `${target} speaks HTTP/1.x, not HTTP/2`);
  if (facts.alpn !== 'h2')
    return fail(
      'engine-no-http2',
      `${target} does not agree on HTTP/2 in the TLS handshake (ALPN: ${facts.alpn ?? 'none'})`,
    );
  if (after?.kind === 'other')
    return fail('engine-not-http2', `${target} agrees on HTTP/2 and then speaks something else`);
  if (after?.kind === 'closed') {
    return fail(
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
    return fail(
      'engine-not-grpc',
      `What answered ${call} is no gRPC server (HTTP ${result.httpStatus}, ${result.contentType === '' ? 'no content type' : result.contentType})`,
    );
  }
  if (result.kind === 'transport') {
    return result.timedOut
      ? unknown('engine-call-timeout', `${call} got no answer in time`)
      : fail('engine-connection-lost', `The connection broke during ${call}: ${result.message}`);
  }
  const said = `${call} was answered with ${result.name}`;
  switch (result.name) {
    case 'UNAUTHENTICATED':
      return fail('engine-unauthenticated', `The engine did not accept the engine token: ${said}`);
    case 'PERMISSION_DENIED':
      return fail('engine-permission-denied', `The engine does not allow this application to use it: ${said}`);
    case 'NOT_FOUND':
      return fail('engine-namespace-not-found', `The engine does not know the namespace ${namespace ?? ''}: ${said}`);
    case 'DEADLINE_EXCEEDED':
      return unknown('engine-call-timeout', said);
    case 'UNAVAILABLE':
    case 'RESOURCE_EXHAUSTED':
      return unknown('engine-unavailable', `The engine is there, and not ready: ${said}`);
    default:
      return fail('engine-call-failed', said);
  }
}
