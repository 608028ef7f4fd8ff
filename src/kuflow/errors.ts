import { STATUS_CODES } from 'node:http';
import { KnownError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { isLoopbackHost } from '../network/address.ts';
import { TunnelError } from '../network/connect-tunnel.ts';
import type { DefaultError } from './contract/common.ts';
import type { OperationId } from './contract/operations.ts';
import { FAILURE_HINTS, FAILURE_MESSAGES, statusOfFailure, type FailureKind } from './failure-kinds.ts';

export interface KuFlowApiErrorParts {
  readonly kind: FailureKind;
  readonly operationId: OperationId;
  /** Method and address without the query, which may contain personal data. */
  readonly method: string;
  readonly url: string;
  readonly httpStatus?: number | undefined;
  /** What was observed in addition to the status; safe to print. */
  readonly seen?: string | undefined;
  /** The protocols in the Upgrade header of a 426; safe to print. */
  readonly upgrade?: string | undefined;
  /** KuFlow's error body, unchanged. */
  readonly body?: DefaultError;
  /** Seconds, from `Retry-After`. */
  readonly retryAfter?: number | undefined;
  /** Whether KuFlow may have received the request. */
  readonly sent?: boolean;
  readonly attempts?: number;
  readonly cause?: unknown;
}

/** What to do about a proxy that did not open a tunnel, with the setting or variable that names it. */
function tunnelHint({ code, status, source }: TunnelError): string {
  if (code === 'PROXY_SPEAKS_SOCKS') return `Set ${source} to the proxy's HTTP port or to the address of an HTTP proxy`;
  if (code === 'PROXY_SPEAKS_TLS') return `Change the proxy's address to https:// (${source})`;
  if (status === 407)
    return `Add the user name and password to the proxy's address: http://user:password@host:port (${source})`;
  if (status === 403) return `Ask the proxy's administrator (${source}) to allow this host`;
  return `Check the proxy's address (${source}), and whether the proxy allows this host`;
}

function hintsOf({ kind, retryAfter, url, method, cause, upgrade }: KuFlowApiErrorParts): readonly string[] {
  if (kind === 'wrong-path')
    return [
      `Check that the endpoint is KuFlow's API, and that every server in front of it forwards ${method} ${new URL(url).pathname}`,
    ];
  if (kind === 'upgrade' && upgrade !== undefined)
    return [
      `Check the host and port of the endpoint; the server there speaks ${upgrade}, and KuFlow's API speaks HTTP/1.1 over TLS`,
    ];
  if (kind === 'proxy' && cause instanceof TunnelError) return [tunnelHint(cause)];
  if (kind === 'speaks-tls') return [`Change the endpoint to https://${new URL(url).host}`];
  if (kind === 'plain-http' && isLoopbackHost(new URL(url).hostname))
    return [`Change the endpoint to http://${new URL(url).host}`];
  if (kind !== 'rate-limited' || retryAfter === undefined) return FAILURE_HINTS[kind];
  return [`Wait ${Math.ceil(retryAfter)} s before you try again, as KuFlow requests`];
}

/** The message, then what was seen in parentheses: `The connection was refused (ECONNREFUSED, after 2 attempts)`. */
export function formatWithSeen({ message, seen }: Pick<KnownError, 'message' | 'seen'>): string {
  if (seen === undefined) return message;
  return `${message} (${seen.replace(/ \((after \d+ attempts)\)$/, ', $1')})`;
}

/** The server's message, then each error with its location; safe to print. */
function quote(body: DefaultError): string {
  const errors = (body.errors ?? []).slice(0, 5).map((error) => {
    const location = error.location === undefined ? '' : ` at ${escapeForTerminal(error.location, 100)}`;
    return `${escapeForTerminal(error.code, 60)}${location}: ${escapeForTerminal(error.message, 200)}`;
  });
  return [escapeForTerminal(body.message, 300), ...errors].join('; ');
}

function describeSeen({ httpStatus, seen, upgrade, body, attempts = 1 }: KuFlowApiErrorParts): string | undefined {
  const status = httpStatus && `${httpStatus} ${STATUS_CODES[httpStatus] ?? ''}`.trim();
  const pieces = [status, seen, upgrade && `Upgrade: ${upgrade}`, body && quote(body)];
  const text = pieces.filter((piece) => piece !== undefined).join(': ');
  return text === '' ? undefined : `${text}${attempts > 1 ? ` (after ${attempts} attempts)` : ''}`;
}

/** A failed call to KuFlow's REST API: the operation, the address, what was observed, KuFlow's error body and a hint. */
export class KuFlowApiError extends KnownError {
  override readonly name: string = 'KuFlowApiError';
  readonly kind: FailureKind;
  readonly operationId: OperationId;
  /** Status of the answer; undefined without an answer. (`status` is the exit status.) */
  readonly httpStatus: number | undefined;
  readonly body: DefaultError | undefined;
  readonly sent: boolean;
  readonly parts: KuFlowApiErrorParts;

  constructor(parts: KuFlowApiErrorParts) {
    super({
      message: FAILURE_MESSAGES[parts.kind],
      tried: `${parts.method} ${parts.url} (${parts.operationId})`,
      seen: describeSeen(parts),
      next: hintsOf(parts),
      page: 'how-to/troubleshooting',
      status: statusOfFailure(parts.kind),
      cause: parts.cause,
    });
    this.kind = parts.kind;
    this.operationId = parts.operationId;
    this.httpStatus = parts.httpStatus;
    this.body = parts.body;
    this.sent = parts.sent ?? parts.httpStatus !== undefined;
    this.parts = parts;
  }

  /** The same error, saying how often the call was tried. */
  after(attempts: number): KuFlowApiError {
    return attempts === (this.parts.attempts ?? 1) ? this : new KuFlowApiError({ ...this.parts, attempts });
  }
}
