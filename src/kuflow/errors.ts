import { STATUS_CODES } from 'node:http';
import { KnownError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import type { DefaultError } from './contract/common.ts';
import type { OperationId } from './contract/operations.ts';
import type { FailureKind } from './failure.ts';

export type { FailureKind };

export interface KuFlowApiErrorParts {
  readonly kind: FailureKind;
  readonly operationId: OperationId;
  /** Method and address without the query, which may hold personal data. */
  readonly method: string;
  readonly url: string;
  readonly httpStatus?: number;
  /** What was seen beside the status; already safe to print. */
  readonly seen?: string;
  /** KuFlow's own error body, as it came. */
  readonly body?: DefaultError;
  /** Seconds, from `Retry-After`. */
  readonly retryAfter?: number;
  /** Whether KuFlow may have received the request. */
  readonly sent?: boolean;
  readonly attempts?: number;
  readonly cause?: unknown;
}

const MESSAGES: Readonly<Record<FailureKind, string>> = {
  unauthorized: 'KuFlow did not accept the credentials',
  forbidden: 'KuFlow does not allow this for the calling principal',
  'not-found': 'KuFlow does not know this resource, or hides it from the calling principal',
  conflict: 'KuFlow says that the resource is not in a state that allows this',
  rejected: 'KuFlow rejected the request',
  'rate-limited': 'KuFlow is receiving too many requests',
  server: 'KuFlow failed on its side',
  redirect: 'A redirect came where KuFlow would answer; it was not followed, since credentials travel with the call',
  html: "An HTML page came instead of JSON: a proxy's or login page",
  'not-json': 'The answer is not JSON',
  truncated: 'The answer ended in the middle',
  contract: "The answer is not as KuFlow's contract says",
  timeout: 'No answer within the time allowed: could not tell why',
  dns: 'The host name could not be resolved',
  refused: 'The connection was refused',
  unreachable: 'The host could not be reached',
  reset: 'The connection was closed before an answer came',
  proxy: 'The proxy did not let the connection through',
  'tls-unknown-authority': "The server's certificate is signed by an authority that is not trusted here",
  'tls-host-name': "The server's certificate is for another host name",
  'tls-expired': "The server's certificate is outside its period of validity",
  tls: 'The TLS handshake failed',
  network: 'The connection failed',
};

const HINTS: Readonly<Record<FailureKind, readonly string[]>> = {
  unauthorized: [
    "Check client id and client secret against the application in KuFlow's app; a new secret makes the old one invalid",
  ],
  forbidden: ["Give the application a role for this process in KuFlow's app, or check whether the process has ended"],
  'not-found': ["Check the id, and that the application has a role for the process in KuFlow's app"],
  conflict: ['Read the resource again: it may have been changed by someone else meanwhile'],
  rejected: ['Correct what the answer names'],
  'rate-limited': ['Wait and try again'],
  server: ['Try again later; if it stays, tell KuFlow the operation and the time'],
  redirect: ['Set the endpoint to the address of the API itself; a proxy or a login portal may stand in between'],
  html: ['Check the endpoint', 'Check whether a proxy or a login portal stands in between'],
  'not-json': ["Check that the endpoint is KuFlow's API"],
  truncated: ['Try again; if it stays, check what stands between here and the endpoint'],
  contract: ['Look for a newer version of this tool: the API may have changed'],
  timeout: ['Try again', 'Check the network, and whether a proxy has to be set by HTTPS_PROXY'],
  dns: ['Check the spelling of the endpoint', 'Where only a proxy resolves names, set HTTPS_PROXY'],
  refused: ['Check host and port of the endpoint, and that the server runs'],
  unreachable: ['Check the network', 'Where only a proxy reaches the outside, set HTTPS_PROXY'],
  reset: ['Try again; if it stays, a firewall or a proxy may cut the connection'],
  proxy: ['Check address and credentials of the proxy, and that it allows this host'],
  'tls-unknown-authority': [
    'Give the certificate of your CA as a PEM file: --ca FILE, KUFLOW_API_CA or NODE_EXTRA_CA_CERTS',
  ],
  'tls-host-name': ['Check the host name of the endpoint against the names in the certificate'],
  'tls-expired': ['Check the clock of this machine; if it is right, the certificate has to be renewed'],
  tls: ['Check that the endpoint speaks TLS on this port'],
  network: ['Check the endpoint and the network'],
};

/** What to do about a failure of that kind. */
export function failureHints(kind: FailureKind): readonly string[] {
  return HINTS[kind];
}

function hintsOf({ kind, retryAfter }: KuFlowApiErrorParts): readonly string[] {
  if (kind !== 'rate-limited' || retryAfter === undefined) return HINTS[kind];
  return [`Wait ${Math.ceil(retryAfter)} s and try again: that is what KuFlow asks for`];
}

/** The server's words, safe to print: message, then each error with where it is. */
function quote(body: DefaultError): string {
  const errors = (body.errors ?? []).slice(0, 5).map((error) => {
    const location = error.location === undefined ? '' : ` at ${escapeForTerminal(error.location, 100)}`;
    return `${escapeForTerminal(error.code, 60)}${location}: ${escapeForTerminal(error.message, 200)}`;
  });
  return [escapeForTerminal(body.message, 300), ...errors].join('; ');
}

function describeSeen(parts: KuFlowApiErrorParts): string | undefined {
  const pieces: string[] = [];
  if (parts.httpStatus !== undefined) pieces.push(`${parts.httpStatus} ${STATUS_CODES[parts.httpStatus] ?? ''}`.trim());
  if (parts.seen !== undefined) pieces.push(parts.seen);
  if (parts.body !== undefined) pieces.push(quote(parts.body));
  if (pieces.length === 0) return undefined;
  return `${pieces.join(': ')}${parts.attempts !== undefined && parts.attempts > 1 ? ` (after ${parts.attempts} attempts)` : ''}`;
}

/** A call of KuFlow's REST API that failed: which operation, where, what was seen, KuFlow's own error body, and a hint. */
export class KuFlowApiError extends KnownError {
  override readonly name: string = 'KuFlowApiError';
  readonly kind: FailureKind;
  readonly operationId: OperationId;
  /** Address of the call, without the query. */
  readonly endpoint: string;
  /** Status of the answer; undefined when none came. (`status` is the exit status.) */
  readonly httpStatus: number | undefined;
  readonly body: DefaultError | undefined;
  readonly retryAfter: number | undefined;
  readonly sent: boolean;
  readonly parts: KuFlowApiErrorParts;

  constructor(parts: KuFlowApiErrorParts) {
    const seen = describeSeen(parts);
    super({
      message: MESSAGES[parts.kind],
      tried: `${parts.method} ${parts.url} (${parts.operationId})`,
      ...(seen === undefined ? {} : { seen }),
      next: hintsOf(parts),
      page: 'how-to/troubleshooting',
      status: parts.kind === 'timeout' ? 4 : 1,
      cause: parts.cause,
    });
    this.kind = parts.kind;
    this.operationId = parts.operationId;
    this.endpoint = parts.url;
    this.httpStatus = parts.httpStatus;
    this.body = parts.body;
    this.retryAfter = parts.retryAfter;
    this.sent = parts.sent ?? parts.httpStatus !== undefined;
    this.parts = parts;
  }

  /** The same error, saying how often the call was tried. */
  after(attempts: number): KuFlowApiError {
    return attempts === (this.parts.attempts ?? 1) ? this : new KuFlowApiError({ ...this.parts, attempts });
  }
}
