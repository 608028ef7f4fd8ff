import { messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { isRecord } from '../base/json.ts';
import { DefaultError, type DefaultError as DefaultErrorBody } from './contract/common.ts';
import { operations, type OperationId } from './contract/operations.ts';
import { withoutNulls } from './contract/strictness.ts';
import { answerValidator } from './contract/request-and-answer-validators.ts';
import { KuFlowApiError } from './errors.ts';
import type { FailureKind } from './failure-kinds.ts';
import { readRetryAfter } from './retry.ts';
import type { RawAnswer } from './transport.ts';

interface CallSite {
  readonly operationId: OperationId;
  readonly method: string;
  /** Without the query. */
  readonly url: string;
}

const BY_STATUS: Readonly<Record<number, FailureKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  407: 'proxy',
  409: 'conflict',
  426: 'upgrade',
  429: 'rate-limited',
};

/** A gateway's page with one of these kinds means an outage. With any other, KuFlow did not answer at all. */
const KEPT_FOR_HTML: readonly FailureKind[] = ['server', 'rate-limited', 'proxy', 'wrong-path'];

function kindOf(status: number): FailureKind {
  return BY_STATUS[status] ?? (status >= 500 ? 'server' : status >= 300 && status < 400 ? 'redirect' : 'rejected');
}

/** Whether the server cannot know the address of the operation. KuFlow always has lists, and the address that issues credentials. */
function isWrongPath({ operationId }: CallSite, status: number): boolean {
  const { method, path } = operations[operationId];
  return status === 404 && !path.includes('{') && (method === 'get' || operationId === 'createAuthentication');
}

type Reading =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'empty' }
  | { readonly kind: 'html' }
  | { readonly kind: 'broken'; readonly cut: boolean };

function readJson({ headers, body }: RawAnswer): Reading {
  const text = body.toString('utf8').replace(/^\ufeff/, '');
  if (text.trim() === '') return { kind: 'empty' };
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch (error) {
    if ((headers['content-type'] ?? '').includes('html') || /^\s*</.test(text)) return { kind: 'html' };
    const message = messageOf(error);
    const position = /position (\d+)/.exec(message)?.[1];
    // An error at the very end means that the rest is missing.
    return {
      kind: 'broken',
      cut:
        /end of JSON|Unterminated/.test(message) ||
        (position !== undefined && Number(position) >= text.trimEnd().length),
    };
  }
}

function hostOf(location: string | undefined, base: string): string {
  if (location === undefined) return 'without a Location header';
  try {
    return `to host ${escapeForTerminal(new URL(location, base).host, 200)}`;
  } catch {
    return 'to an unreadable Location';
  }
}

/** The title of the page is the quickest way to recognize the proxy or portal that answered. */
function titleOf(body: Buffer): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(body.toString('utf8'))?.[1]?.trim();
  return title === undefined || title === ''
    ? 'an HTML page'
    : `an HTML page titled "${escapeForTerminal(title.replace(/\s+/g, ' '), 100)}"`;
}

function failure(site: CallSite, raw: RawAnswer, now: number): KuFlowApiError {
  const { status } = raw;
  const kind = isWrongPath(site, status) ? 'wrong-path' : kindOf(status);
  const parts = { ...site, httpStatus: status, retryAfter: readRetryAfter(raw.headers['retry-after'], now), kind };
  if (kind === 'redirect') return new KuFlowApiError({ ...parts, seen: hostOf(raw.headers['location'], site.url) });
  if (kind === 'upgrade') {
    const { upgrade = '' } = raw.headers;
    return new KuFlowApiError({ ...parts, upgrade: upgrade === '' ? undefined : escapeForTerminal(upgrade, 60) });
  }
  const reading = readJson(raw);
  if (reading.kind === 'html')
    return new KuFlowApiError({
      ...parts,
      kind: KEPT_FOR_HTML.includes(kind) ? kind : 'html',
      seen: titleOf(raw.body),
    });
  const value = reading.kind === 'json' ? reading.value : undefined;
  const body = errorBody(value, site.operationId, status);
  if (body !== undefined) return new KuFlowApiError({ ...parts, body });
  // Gateways have their own JSON format; their `message` is worth showing.
  const message = isRecord(value) ? value['message'] : undefined;
  return new KuFlowApiError({
    ...parts,
    seen: typeof message === 'string' ? escapeForTerminal(message, 300) : undefined,
  });
}

/** A value that is KuFlow's error body. Undefined for any other. */
function errorBody(value: unknown, operationId: OperationId, status: number): DefaultErrorBody | undefined {
  return answerValidator(operationId, status, 'tolerant')(value).length === 0
    ? (withoutNulls(DefaultError, value) as DefaultErrorBody)
    : undefined;
}

/** KuFlow's error body, as gateways send it that answer every request with 200. */
function errorInSuccess(value: unknown): DefaultErrorBody | undefined {
  if (!isRecord(value)) return undefined;
  const { status, message } = value;
  if (typeof status !== 'number' || status < 400 || status > 599 || typeof message !== 'string') return undefined;
  return errorBody(value, 'retrievePrincipal', status);
}

/**
 * The body of a successful answer, checked tolerantly against the contract: JSON, the bytes of a document, or undefined without a body.
 * Throws a KuFlowApiError for everything else.
 */
export function readAnswer(site: CallSite, raw: RawAnswer, now: number): unknown {
  const { status } = raw;
  const { responses } = operations[site.operationId];
  const listed = responses[status];
  if (status >= 400 || (status >= 300 && listed === undefined)) throw failure(site, raw, now);
  const refuse = (kind: FailureKind, seen: string): KuFlowApiError =>
    new KuFlowApiError({ ...site, httpStatus: status, kind, seen });
  const contentType = raw.headers['content-type'] ?? '';
  // A success status that the contract does not list is read like the first listed one: 200 instead of 201 has the same body.
  const known = listed === undefined ? Number(Object.keys(responses)[0]) : status;
  const response = responses[known];
  if (response?.schema === undefined) return undefined;
  const isDocument = response.media !== undefined && !response.media.some((media) => media.includes('json'));
  if (isDocument) {
    if (contentType.includes('text/html')) throw refuse('html', titleOf(raw.body));
    return raw.body;
  }
  const reading = readJson(raw);
  if (reading.kind === 'html') throw refuse('html', titleOf(raw.body));
  if (reading.kind === 'empty') throw refuse('truncated', 'an empty body');
  if (reading.kind === 'broken') {
    const type = contentType === '' ? 'unknown type' : escapeForTerminal(contentType, 80);
    throw refuse(reading.cut ? 'truncated' : 'not-json', `${raw.body.length} bytes of ${type}`);
  }
  const reported = errorInSuccess(reading.value);
  if (reported !== undefined)
    throw new KuFlowApiError({ ...site, httpStatus: status, kind: kindOf(reported.status), body: reported });
  const errors = answerValidator(site.operationId, known, 'tolerant')(reading.value);
  if (errors.length > 0) {
    const seen = errors
      .slice(0, 5)
      .map(({ path, message }) => `${path === '' ? 'the answer' : escapeForTerminal(path, 120)} ${message}`);
    throw refuse('contract', seen.join(', '));
  }
  return withoutNulls(response.schema, reading.value);
}
