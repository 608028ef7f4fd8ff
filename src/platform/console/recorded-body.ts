import { withoutUndefined } from '../../base/json.ts';

/** How many bytes of a body are kept, for the requests in the console and for webhook deliveries. */
const KEPT_BYTES = 16 * 1024;

export type Headers = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** The start of a body, and its size. */
export interface BodyStart {
  readonly bytes: number;
  /** Undefined for a body that was streamed. */
  readonly start?: Buffer | undefined;
}

/** Copies the start of a body, so that the rest of it can be released. */
export function startOfBody(body: string | Uint8Array): BodyStart {
  const start = typeof body === 'string' ? body.slice(0, KEPT_BYTES) : body.subarray(0, KEPT_BYTES);
  return { bytes: Buffer.byteLength(body), start: Buffer.from(start).subarray(0, KEPT_BYTES) };
}

/** What is shown of a body; undefined if it is empty. */
export function toRecordedBody(body: BodyStart | undefined, headers: Headers, redact: (text: string) => string) {
  if (body === undefined || (body.bytes === 0 && body.start !== undefined)) return undefined;
  const { bytes, start } = body;
  const contentType = headers['content-type'];
  const text = start === undefined ? undefined : decodeText(start);
  return withoutUndefined({
    bytes,
    contentType: typeof contentType === 'string' ? contentType : undefined,
    text: text === undefined ? undefined : redact(text),
    truncated: start === undefined || start.length < bytes,
  });
}

/** Undefined if the bytes are not text. The last character may be incomplete. */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
