import { codeOf } from '../base/errors.ts';
import { TunnelError } from '../network/connect-tunnel.ts';

/** What was observed when a call failed. Each kind is one cause; nothing is guessed. */
export const FAILURE_MESSAGES = {
  unauthorized: 'KuFlow did not accept the credentials',
  forbidden: 'KuFlow does not allow the calling principal to do this',
  'not-found': 'Not found, or the calling principal has no access',
  'wrong-path': "The server does not have KuFlow's API at this address",
  conflict: 'The state of the resource in KuFlow does not allow this',
  rejected: 'KuFlow rejected the request',
  'rate-limited': 'KuFlow is receiving too many requests',
  server: 'KuFlow failed with an internal error',
  redirect: 'The server answered with a redirect, which was not followed because the request carries credentials',
  upgrade: 'The server at the endpoint requires a protocol other than HTTP/1.1',
  html: 'The server answered with an HTML page instead of JSON, probably from a proxy or a login portal',
  'not-json': 'The response is not JSON',
  truncated: 'The response is incomplete',
  contract: "The response does not match KuFlow's API contract",
  timeout: 'No response before the timeout; the reason is unknown',
  dns: 'The host name could not be resolved',
  refused: 'The connection was refused',
  unreachable: 'The host could not be reached',
  reset: 'The connection was closed before a response arrived',
  proxy: 'The proxy rejected the connection',
  'tls-unknown-authority': "The server's certificate is signed by an authority that is not trusted",
  'tls-host-name': "The server's certificate is for another host name",
  'tls-expired': "The server's certificate is outside its period of validity",
  tls: 'The TLS handshake failed',
  'plain-http': 'The endpoint is an https:// address, but the server speaks plain HTTP',
  'speaks-tls': 'The endpoint is an http:// address, but the server speaks TLS',
  'grpc-port': 'The endpoint is not a REST API: this looks like a gRPC (engine) port',
  continue: 'The server sent an unsolicited 100 Continue',
  network: 'The connection failed',
} as const;

export type FailureKind = keyof typeof FAILURE_MESSAGES;

/** The exit status of a command that fails for this reason: 4 if the reason is unknown. */
export function statusOfFailure(kind: FailureKind): 1 | 4 {
  return kind === 'timeout' ? 4 : 1;
}

export interface NetworkFailure {
  readonly kind: FailureKind;
  /** The code or phrase that was seen, safe to print. */
  readonly seen: string;
  /** Whether KuFlow may have received the request; if not, repeating it is safe whatever it does. */
  readonly sent: boolean;
}

const CODES: Readonly<Partial<Record<FailureKind, readonly string[]>>> = {
  dns: ['ENOTFOUND', 'EAI_AGAIN'],
  refused: ['ECONNREFUSED'],
  unreachable: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
  timeout: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  reset: ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'],
  truncated: ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
  'tls-unknown-authority': [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ],
  'tls-host-name': ['ERR_TLS_CERT_ALTNAME_INVALID'],
  'tls-expired': ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
};

function kindOfCode(code: string): FailureKind | undefined {
  return (Object.keys(CODES) as FailureKind[]).find((kind) => CODES[kind]?.includes(code));
}

/** Failures that happen before anything is sent. All TLS failures do too. */
const BEFORE_SENDING: readonly FailureKind[] = ['dns', 'refused', 'unreachable', 'proxy'];

function chain(error: unknown): readonly unknown[] {
  const links: unknown[] = [];
  for (let at: unknown = error; at instanceof Error && links.length < 8; at = at.cause) {
    links.push(at);
    // Node combines the failures of all addresses of a name (IPv6 and IPv4); the first one represents them.
    if (at instanceof AggregateError) links.push(...(at.errors as readonly unknown[]).slice(0, 1));
  }
  return links;
}

/** Classifies a failure by the error codes of the system, the TLS library and undici. */
function byCode(error: unknown): { readonly kind: FailureKind; readonly code: string | undefined } {
  const codes = chain(error)
    .map((link) => (link as { code?: unknown }).code)
    .filter((code): code is string => typeof code === 'string');
  const code = codes.find((candidate) => kindOfCode(candidate) !== undefined) ?? codes[0];
  const other = /^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO)/.test(code ?? '') ? 'tls' : 'network';
  return { kind: kindOfCode(code ?? '') ?? other, code };
}

/** A proxy reports an unknown name or a refusing host in its answer to CONNECT. Everything else is a failure of the proxy itself. */
function proxyFailure(error: TunnelError): NetworkFailure {
  const { status, proxy } = error;
  if (status !== undefined) {
    return {
      kind: status >= 500 ? 'unreachable' : 'proxy',
      seen: `the proxy ${proxy} answered CONNECT with ${status}`,
      sent: false,
    };
  }
  const { kind, code } = byCode(error);
  const isOwn = kind === 'timeout' || kind.startsWith('tls');
  return {
    kind: isOwn ? kind : 'proxy',
    // The message says more than the tool's own codes.
    seen: `no connection to the proxy ${proxy}: ${code === undefined || code.startsWith('PROXY_') ? error.message : code}`,
    sent: false,
  };
}

/** undici refuses 100 Continue, because this client never asks for it, but has no code for that. */
function isUnrequestedContinue(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === 'UND_ERR_SOCKET' && error.message === 'bad response';
}

/** Classifies a failed connection or exchange. `receiving`: the head of the answer had arrived. */
export function networkFailure(error: unknown, receiving: boolean): NetworkFailure {
  if (error instanceof TunnelError) return proxyFailure(error);
  if (isUnrequestedContinue(error)) return { kind: 'continue', seen: '100 Continue', sent: true };
  const { kind, code } = byCode(error);
  const isBeforeSending = BEFORE_SENDING.includes(kind) || kind.startsWith('tls');
  const cut = receiving && (kind === 'reset' || kind === 'network');
  return {
    kind: cut ? 'truncated' : kind,
    seen: code ?? 'no error code',
    sent: receiving || !(isBeforeSending || code === 'UND_ERR_CONNECT_TIMEOUT'),
  };
}

export const FAILURE_HINTS: Readonly<Record<FailureKind, readonly string[]>> = {
  unauthorized: [
    'Compare the client ID and client secret with those in the KuFlow app; creating a new secret invalidates the old one',
  ],
  forbidden: [
    'In the KuFlow app, check that the application has a role in the process and that the process has not ended',
  ],
  'not-found': ['Check the ID, and check in the KuFlow app that the application has a role in the process'],
  'wrong-path': [
    "Check that the endpoint is KuFlow's API, and that every server in front of it forwards the API's paths",
  ],
  conflict: ['Try again; someone else may have changed the resource in KuFlow'],
  rejected: ['Correct the fields listed in the response'],
  'rate-limited': ['Wait and try again'],
  server: ['Try again later; if the error persists, tell KuFlow which operation failed and when'],
  redirect: ["Set the endpoint to the API's address, and check whether a proxy or a login portal sent the redirect"],
  upgrade: ["Check the host and port of the endpoint; KuFlow's API speaks HTTP/1.1 over TLS"],
  html: ['Check the endpoint', 'Check whether a proxy or a login portal responded instead of KuFlow'],
  'not-json': ["Check that the endpoint is KuFlow's API"],
  truncated: [
    'Try again; if the error persists, check the proxies and firewalls between this machine and the endpoint',
  ],
  contract: ['Check for a newer version of this tool, because the API may have changed'],
  timeout: ['Try again', 'Check the network, and set HTTPS_PROXY if a proxy is required'],
  dns: ['Check the spelling of the endpoint', 'If only a proxy can resolve host names, set HTTPS_PROXY'],
  refused: ['Check the host and port of the endpoint, and check that the server is running'],
  unreachable: ['Check the network', 'If only a proxy can reach the internet, set HTTPS_PROXY'],
  reset: ['Try again; if the error persists, a firewall or a proxy may be closing the connection'],
  proxy: ["Check the proxy's address and credentials, and whether the proxy allows this host"],
  'tls-unknown-authority': [
    'Pass your CA certificate as a PEM file with --ca <file>, KUFLOW_API_CA or NODE_EXTRA_CA_CERTS',
  ],
  'tls-host-name': ["Compare the endpoint's host name with the names in the certificate"],
  'tls-expired': ["Check this machine's clock; if it is correct, the certificate must be renewed"],
  tls: ['Check that the endpoint uses TLS on this port'],
  'plain-http': [
    "Check the port of the endpoint; KuFlow's API uses TLS, and http:// is allowed only for a server on this machine",
  ],
  'speaks-tls': ['Change the endpoint to https://'],
  'grpc-port': [
    "Set the endpoint to the REST API's address; the engine's address belongs in temporal.target (TEMPORAL_TARGET)",
  ],
  continue: [
    'Ask the operator of the server or the proxy to send 100 Continue only for requests with an Expect header',
  ],
  network: ['Check the endpoint and the network'],
};
