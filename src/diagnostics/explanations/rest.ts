import { type FailureKind, failureHints } from '../../kuflow/errors.ts';
import { fails, unclear, type ExplainedCause } from './explanation.ts';

type Verdict = typeof fails;
const KINDS: Readonly<Record<FailureKind, readonly [Verdict, string]>> = {
  unauthorized: [fails, 'KuFlow did not accept client id and client secret (401).'],
  forbidden: [fails, 'KuFlow knows the application, and does not allow it what was asked (403).'],
  'not-found': [fails, 'KuFlow does not know what was asked for, or hides it (404).'],
  conflict: [fails, 'KuFlow says that what was asked for is in another state (409).'],
  rejected: [fails, 'KuFlow rejected the request (another 4xx).'],
  'rate-limited': [unclear, 'KuFlow is receiving too many requests (429).'],
  server: [unclear, 'KuFlow, or what stands in front of it, failed (5xx).'],
  redirect: [
    fails,
    'A redirect came in place of an answer; it was not followed, since credentials travel with the call.',
  ],
  html: [fails, 'An HTML page came in place of JSON: that of a proxy or a login portal.'],
  'not-json': [fails, 'The answer is no JSON.'],
  truncated: [fails, 'The answer ended in the middle.'],
  contract: [fails, "The answer is JSON, and not what KuFlow's contract says."],
  timeout: [unclear, 'No answer came in time.'],
  dns: [fails, "The endpoint's host name does not exist."],
  refused: [fails, "Nothing listens at the endpoint's address: the connection was refused."],
  unreachable: [fails, "There is no route to the endpoint's host, or the proxy could not reach it."],
  reset: [fails, 'The connection was closed before an answer came.'],
  proxy: [fails, 'The proxy could not be used, or did not let the connection through.'],
  'tls-unknown-authority': [fails, "The endpoint's certificate is signed by an authority that is not trusted here."],
  'tls-host-name': [fails, "The endpoint's certificate is for another host name."],
  'tls-expired': [fails, "The endpoint's certificate is over, or begins in the future, by this machine's clock."],
  tls: [fails, 'The TLS handshake failed in another way.'],
  network: [fails, 'The connection failed in another way.'],
};

export type RestCauseCode = `rest-${FailureKind}` | 'rest-speaks-tls' | 'rest-resolver-down';

/** Every cause that a call of KuFlow's REST API can have; what to do is told by the client itself. */
export const restCauses = {
  'rest-speaks-tls': fails(
    'The endpoint says http:// and the port speaks TLS.',
    'Write the endpoint with https:// (<source>)',
  ),
  'rest-resolver-down': unclear(
    'The name server did not answer.',
    'Check the network connection and the name server of this machine',
  ),
  ...Object.fromEntries(
    Object.entries(KINDS).map(([kind, [verdict, when]]) => [
      `rest-${kind}`,
      verdict(when, ...failureHints(kind as FailureKind)),
    ]),
  ),
} as Readonly<Record<RestCauseCode, ExplainedCause>>;

/** Codes of every call that is made once the credentials were accepted. */
export const REST_CALL_CODES = (Object.keys(restCauses) as RestCauseCode[]).filter(
  (code) => code !== 'rest-speaks-tls',
);
