import type { Http2SecureServer } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { atMostEvery, type Clock } from '../../base/clock.ts';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { PlatformOptions } from '../shared/types.ts';

type RefusalReporter = (reason: string, rpc?: string, hint?: string) => void;

/** The same refusal is reported once in this time (ms), because a worker without a token never stops polling. */
const REPORT_EVERY = 1000;

/** Reports refused calls and connections as events. */
export function createRefusalReporter(clock: Clock, report: PlatformOptions['report']): RefusalReporter {
  const isDue = atMostEvery(REPORT_EVERY, clock);
  return (reason, rpc, hint) => {
    if (isDue(`${rpc ?? ''} ${reason}`)) report?.({ kind: 'gateway-refused', reason, rpc, hint });
  };
}

/** Reports connections that fail before they can make calls. */
export function reportConnectionFailures(server: Http2SecureServer, report: RefusalReporter): void {
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    // When verification fails, the error looks as if the peer had gone; the socket has the reason.
    const verification = socket.authorizationError as unknown;
    const code = typeof verification === 'string' ? verification : codeOf(error);
    // Only disconnected, such as a port probe.
    if (code === 'ECONNRESET' || code === 'EPIPE') return;
    const { reason, hint } = KNOWN[code ?? ''] ?? { reason: `a TLS handshake failed: ${messageOf(error)}` };
    report(reason, undefined, hint);
  });
  server.on('unknownProtocol', (socket) => {
    report('a client does not offer HTTP/2 (ALPN h2)', undefined, 'gRPC needs HTTP/2');
    socket.destroy();
  });
}

interface TlsFailure {
  readonly reason: string;
  readonly hint?: string | undefined;
}

const CREDENTIALS =
  'The engine requires the client certificate from POST /authentications (ENGINE_CERTIFICATE), or the files set in temporal.mutual-tls';
const OTHER_PLATFORM =
  'Another CA signed it: the one from before the state folder was deleted, another local KuFlow, or KuFlow itself';
const TRUST_CA = "Give it the local KuFlow's CA";
const TLS_ONLY = 'The engine port accepts only TLS with a client certificate';
const OTHER_CA: TlsFailure = {
  reason: "a client's certificate is not signed by the local KuFlow's CA",
  hint: OTHER_PLATFORM,
};
const NO_TLS: TlsFailure = { reason: 'a client connected without TLS', hint: TLS_ONLY };

const KNOWN: Readonly<Record<string, TlsFailure>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: { reason: 'a client sent no certificate', hint: CREDENTIALS },
  CERT_HAS_EXPIRED: {
    reason: "a client's certificate has expired",
    hint: 'Restart the worker: it then requests a new one (POST /authentications, ENGINE_CERTIFICATE)',
  },
  CERT_NOT_YET_VALID: {
    reason: "a client's certificate is not valid yet",
    hint: 'Compare the clocks of the two machines',
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: OTHER_CA,
  UNABLE_TO_GET_ISSUER_CERT: OTHER_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OTHER_CA,
  SELF_SIGNED_CERT_IN_CHAIN: OTHER_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: { reason: "a client's certificate is self-signed", hint: CREDENTIALS },
  CERT_SIGNATURE_FAILURE: OTHER_CA,
  INVALID_PURPOSE: { reason: "a client's certificate is not for client authentication", hint: CREDENTIALS },
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: {
    reason: "a client does not trust the local KuFlow's CA",
    hint: `${TRUST_CA} (temporal.mutual-tls.ca, or the CA in the response to ENGINE_CERTIFICATE)`,
  },
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: {
    reason: "a client refused the local KuFlow's certificate",
    hint: `${TRUST_CA}, and connect to a name in the certificate (--host-name)`,
  },
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: {
    reason: "a client refused the local KuFlow's certificate",
    hint: 'Connect to a name in the certificate (--host-name)',
  },
  ERR_SSL_HTTP_REQUEST: { reason: 'a client sent plain HTTP', hint: TLS_ONLY },
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: { reason: 'a client offers only TLS versions before 1.2' },
  ERR_SSL_NO_APPLICATION_PROTOCOL: { reason: 'a client does not offer HTTP/2 (ALPN h2)', hint: 'gRPC needs HTTP/2' },
};
