import { FAILURE_HINTS, type FailureKind } from '../../kuflow/failure-kinds.ts';
import { fails, unclear, type ExplainedCause } from './explanation.ts';

/** What was observed when a call failed in this way. */
const OBSERVATIONS: Readonly<Record<FailureKind, string>> = {
  unauthorized: 'KuFlow did not accept the client ID and client secret (401).',
  forbidden: 'KuFlow recognizes the application but does not allow the request (403).',
  'not-found': 'The resource does not exist in KuFlow or is hidden from the application (404).',
  'wrong-path':
    "The server returned 404 for a path that exists in every KuFlow environment. Either the endpoint's path is wrong, or a server in front of KuFlow does not forward this path.",
  conflict: 'The resource is not in a state that allows the request (409).',
  rejected: 'KuFlow rejected the request with another 4xx status.',
  'rate-limited': 'KuFlow is receiving too many requests (429).',
  server: 'KuFlow or a server in front of it failed (5xx status).',
  redirect:
    'The server responded with a redirect. Doctor does not follow redirects, because doing so would send the credentials to another address.',
  upgrade: 'The server requires a protocol other than HTTP/1.1, for example HTTP/2 or WebSocket (426).',
  html: 'The response is an HTML page instead of JSON, probably from a proxy or a login portal.',
  'not-json': 'The response is not valid JSON.',
  truncated: 'The response is incomplete.',
  contract: "The response is JSON but does not match KuFlow's API contract.",
  timeout: 'No response arrived in time.',
  dns: "The endpoint's host name does not exist.",
  refused: "The connection was refused, because nothing is listening at the endpoint's address.",
  unreachable: 'There is no network route to the endpoint, or the proxy could not reach it.',
  reset: 'The connection was closed before a response arrived.',
  proxy: 'The proxy could not be used or did not allow the connection.',
  'tls-unknown-authority':
    "The endpoint's certificate is signed by a certificate authority that this machine does not trust.",
  'tls-host-name': "The endpoint's certificate is for a different host name.",
  'tls-expired': "According to this machine's clock, the endpoint's certificate has expired or is not valid yet.",
  tls: 'The TLS handshake failed for another reason.',
  'plain-http': 'The endpoint is an https:// address, but the server speaks plain HTTP.',
  'speaks-tls': 'The endpoint is an http:// address, but the server speaks TLS.',
  'grpc-port':
    "The server at the endpoint speaks only HTTP/2. The port is probably the engine's gRPC port rather than the REST API's port.",
  continue:
    'The server, or a proxy in front of it, sent an unsolicited 100 Continue response. Node.js HTTP clients respond by closing the connection.',
  network: 'The connection failed for another reason.',
};

const UNCLEAR: readonly string[] = ['rate-limited', 'server', 'timeout'] satisfies FailureKind[];

export type RestCauseCode = `rest-${FailureKind}` | 'rest-resolver-down';

/** Every cause that a call of KuFlow's REST API can have; the advice comes from the client. */
export const restCauses = {
  'rest-resolver-down': unclear(
    'The DNS server did not respond.',
    "Check this machine's network connection and DNS configuration",
  ),
  ...Object.fromEntries(
    Object.entries(OBSERVATIONS).map(([kind, when]) => [
      `rest-${kind}`,
      (UNCLEAR.includes(kind) ? unclear : fails)(when, ...FAILURE_HINTS[kind as FailureKind]),
    ]),
  ),
} as Readonly<Record<RestCauseCode, ExplainedCause>>;

/** Whether the endpoint has the wrong protocol or port, which the first call finds. */
export function isWrongEndpoint(code: RestCauseCode): boolean {
  return ['rest-plain-http', 'rest-speaks-tls', 'rest-grpc-port', 'rest-upgrade'].includes(code);
}

/** Codes that any call can have once the credentials have been accepted. */
export const REST_CALL_CODES = (Object.keys(restCauses) as RestCauseCode[]).filter((code) => !isWrongEndpoint(code));
