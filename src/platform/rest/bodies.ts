import type { Operation } from '../../kuflow/contract/operation.ts';
import { ApiError } from '../domain/api-error.ts';

/** JSON as the operation takes it, or the raw bytes of an upload; undefined when nothing was sent or the operation takes none. */
export function parseBody(
  operation: Operation,
  contentType: string | undefined,
  contentEncoding: string | undefined,
  raw: unknown,
): unknown {
  if (operation.body === undefined || !Buffer.isBuffer(raw) || raw.length === 0) return undefined;
  if (contentEncoding !== undefined && contentEncoding !== 'identity')
    throw new ApiError(415, `Content-Encoding ${contentEncoding} is not supported`);
  const { media } = operation.body;
  const sent = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? 'none';
  // A patch is JSON, and some clients say no more than that.
  if (sent !== media && !(media === 'application/json-patch+json' && sent === 'application/json')) {
    throw new ApiError(415, `${operation.operationId} takes Content-Type ${media}, not ${sent}`);
  }
  return media.includes('json') ? parseJson(raw) : raw;
}

/** Far from what overflows the stack of what walks a value. */
const MAX_DEPTH = 1000;

function parseJson(raw: Buffer): unknown {
  const body = decodeJson(raw);
  if (!isDeeperThan(body, MAX_DEPTH)) return body;
  throw new ApiError(400, `The body is nested deeper than ${MAX_DEPTH} levels`, [
    { code: 'invalid', message: 'is nested too deeply', location: 'body', locationType: 'body' },
  ]);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

function decodeJson(raw: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw)) as unknown;
  } catch {
    // The parser's message quotes the text, which may hold personal data.
    throw new ApiError(400, 'The body is not JSON in UTF-8', [
      { code: 'invalid', message: 'is not JSON', location: 'body', locationType: 'body' },
    ]);
  }
}
