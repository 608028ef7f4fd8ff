import type { IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';

export interface CallRefusal {
  /** One of `GRPC_STATUS`. */
  readonly status: number;
  readonly message: string;
  /** What to do about it, for the log. */
  readonly hint?: string | undefined;
}

// Headers that belong to one connection, or that the gateway sets itself.
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'host',
  'http2-settings',
  // The token is for the gateway; the server behind it does not use authorization.
  'authorization',
]);

/** The call's headers for the server behind the gateway. Repeated metadata stay joined by ", ", as gRPC allows. */
export function toUpstreamHeaders(headers: IncomingHttpHeaders, authority: string): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (name.charCodeAt(0) !== 58 && !NOT_FORWARDED.has(name)) kept[name] = headers[name];
  }
  kept[':method'] = 'POST';
  kept[':scheme'] = 'http';
  kept[':path'] = headers[':path'];
  kept[':authority'] = authority;
  return kept;
}

/** The server's headers or trailers for the client. */
export function toClientHeaders(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (!NOT_FORWARDED.has(name)) kept[name] = headers[name];
  }
  return kept;
}

/** Sends a trailers-only answer; does nothing if an answer has begun or the client is gone. */
export function sendRefusal(stream: ServerHttp2Stream, refusal: CallRefusal): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(refusal.status),
      'grpc-message': encodeGrpcMessage(refusal.message),
    },
    { endStream: true },
  );
  // The stream closes only when the rest of the request has been read, and nobody else reads it.
  stream.resume();
}

/** Percent-encodes a `grpc-message`: everything except printable ASCII, and `%`. */
export function encodeGrpcMessage(message: string): string {
  return Array.from(Buffer.from(message, 'utf8'), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** Milliseconds of a `grpc-timeout` header such as `70000000u`; undefined if it is absent or malformed. */
export function parseGrpcTimeout(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const match = /^(\d{1,8})([HMSmun])$/.exec(header);
  const unit = UNITS[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}
