export interface TlsFailure {
  readonly reason: string;
  readonly hint?: string;
}

const CREDENTIALS =
  'The engine wants the client certificate of POST /authentications (ENGINE_CERTIFICATE), or the files of temporal.mutual-tls';
const OTHER_PLATFORM =
  'It was signed by another CA: one from before the state folder was deleted, another local platform, or KuFlow itself';

const KNOWN: Readonly<Record<string, TlsFailure>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: { reason: 'a client sent no certificate', hint: CREDENTIALS },
  CERT_HAS_EXPIRED: {
    reason: "a client's certificate has expired",
    hint: 'Request a new one (POST /authentications, ENGINE_CERTIFICATE): restart the worker',
  },
  CERT_NOT_YET_VALID: { reason: "a client's certificate is not valid yet", hint: 'Compare the clocks of both sides' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { reason: "a client's certificate is not from this platform", hint: OTHER_PLATFORM },
  UNABLE_TO_GET_ISSUER_CERT: { reason: "a client's certificate is not from this platform", hint: OTHER_PLATFORM },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    reason: "a client's certificate is not from this platform",
    hint: OTHER_PLATFORM,
  },
  SELF_SIGNED_CERT_IN_CHAIN: { reason: "a client's certificate is not from this platform", hint: OTHER_PLATFORM },
  DEPTH_ZERO_SELF_SIGNED_CERT: { reason: "a client's certificate is self-signed", hint: CREDENTIALS },
  CERT_SIGNATURE_FAILURE: { reason: "a client's certificate is not from this platform", hint: OTHER_PLATFORM },
  INVALID_PURPOSE: { reason: "a client's certificate is not for client authentication", hint: CREDENTIALS },
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: {
    reason: 'a client does not trust this platform',
    hint: 'Give it the CA of the platform (temporal.mutual-tls.ca, or the one of ENGINE_CERTIFICATE)',
  },
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: {
    reason: "a client refused the platform's certificate",
    hint: 'Give it the CA of the platform, and connect to a name that the certificate holds (--host-name)',
  },
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: {
    reason: "a client refused the platform's certificate",
    hint: 'Connect to a name that the certificate holds (--host-name)',
  },
  ERR_SSL_HTTP_REQUEST: { reason: 'a client speaks plain HTTP', hint: 'The engine port takes TLS only' },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    reason: 'a client speaks without TLS',
    hint: 'The engine port takes TLS with a client certificate only',
  },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: {
    reason: 'a client speaks without TLS',
    hint: 'The engine port takes TLS with a client certificate only',
  },
  ERR_SSL_UNSUPPORTED_PROTOCOL: { reason: 'a client offers only TLS versions before 1.2' },
  ERR_SSL_NO_APPLICATION_PROTOCOL: { reason: 'a client does not offer HTTP/2 (ALPN h2)', hint: 'gRPC needs HTTP/2' },
};

/**
 * Why a TLS handshake failed, in words; undefined when the peer only went away (a port probe, a health check).
 * `code` is that of the error, or of the verification when the certificate was not accepted.
 */
export function explainTlsFailure(code: string | undefined, message: string): TlsFailure | undefined {
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  return KNOWN[code ?? ''] ?? { reason: `a TLS handshake failed: ${message}` };
}
