import type { Clock } from '../../base/clock.ts';
import { withoutUndefined } from '../../base/json.ts';
import type { RequestDetail, RequestRecord } from '../shared/dev-contract.ts';
import {
  redactAll,
  redactHeader,
  redactQuery,
  redactSecretFields,
  redactByPattern,
  type AnswerSecrets,
} from './redaction.ts';
import { toRecordedBody, type BodyStart, type Headers } from './recorded-body.ts';

export interface EndedRequest extends Omit<RequestRecord, 'id' | 'time' | 'operationId' | 'principal' | 'problem'> {
  readonly operationId?: string | undefined;
  readonly principal?: string | undefined;
  readonly problem?: string | undefined;
  readonly url: string;
  readonly requestHeaders: Headers;
  readonly responseHeaders: Headers;
  readonly requestBody?: BodyStart | undefined;
  readonly responseBody?: BodyStart | undefined;
  readonly answerSecrets?: AnswerSecrets | undefined;
  /** Whether its query, bodies and file names are data of a confidential process. */
  readonly isConfidential?: boolean;
}

/** The console makes many requests. They have their own limit, so that they do not displace those of workers. */
const KEPT = { console: 100, others: 400 } as const;

interface Recorded extends EndedRequest {
  readonly id: number;
  readonly time: string;
}

/** Keeps the latest requests in memory. Secrets are redacted when a request is read. */
export function createRequestRecorder(clock: Clock) {
  const ofConsole: Recorded[] = [];
  const ofOthers: Recorded[] = [];
  let lastId = 0;
  return {
    add: (request: EndedRequest): void => {
      const time = new Date(clock.now()).toISOString();
      const [list, limit] = request.console ? [ofConsole, KEPT.console] : [ofOthers, KEPT.others];
      list.push({ ...request, id: ++lastId, time });
      if (list.length > limit) list.shift();
    },
    /** The newest first. */
    list: (limit: number): readonly RequestRecord[] =>
      [...ofConsole, ...ofOthers]
        .sort((a, b) => b.id - a.id)
        .slice(0, limit)
        .map(toRecord),
    find: (id: number): RequestDetail | undefined => {
      const found = [...ofConsole, ...ofOthers].find((request) => request.id === id);
      return found === undefined ? undefined : toDetail(found);
    },
  };
}

export type RequestRecorder = ReturnType<typeof createRequestRecorder>;

function toRecord(request: Recorded): RequestRecord {
  const { id, time, method, path, operationId, status, ms, principal, problem, violations } = request;
  return withoutUndefined({
    ...{ id, time, method, status, ms, operationId, principal },
    path: redactByPattern(path),
    problem: problem === undefined ? undefined : redactByPattern(problem),
    violations: violations.map((violation) => ({ ...violation, problem: redactByPattern(violation.problem) })),
    console: request.console,
  });
}

function toDetail(request: Recorded): RequestDetail {
  const { url, requestHeaders, responseHeaders, requestBody, responseBody, isConfidential = false } = request;
  return withoutUndefined({
    ...toRecord(request),
    url: isConfidential ? redactQuery(url) : redactByPattern(url),
    requestHeaders: toHeaders(requestHeaders),
    responseHeaders: toHeaders(isConfidential ? withoutFileName(responseHeaders) : responseHeaders),
    requestBody: toRecordedBody(requestBody, requestHeaders, isConfidential ? redactAll : redactByPattern),
    responseBody: toRecordedBody(responseBody, responseHeaders, answerRedaction(request)),
  });
}

function answerRedaction({ answerSecrets, status, isConfidential }: Recorded): (text: string) => string {
  if (isConfidential === true) return redactAll;
  if (answerSecrets === 'fields') return redactSecretFields;
  return answerSecrets === 'all' && status < 400 ? redactAll : redactByPattern;
}

const withoutFileName = (headers: Headers): Headers =>
  'content-disposition' in headers ? { ...headers, 'content-disposition': redactAll() } : headers;

function toHeaders(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, redactHeader(name, [value].flat().join(', '))]],
    ),
  );
}
