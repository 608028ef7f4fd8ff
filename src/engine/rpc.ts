import http2 from 'node:http2';
import { codeOf, messageOf } from '../base/errors.ts';
import { percentDecode } from '../base/percent-decode.ts';
import { redactSecrets, type Secret } from '../base/secret.ts';
import { PACKAGE_NAME } from '../base/package-root.ts';
import { dialEngine, type DialOptions } from './dial.ts';
import { encodeString, messageField, numberField, stringField } from './protobuf.ts';

/**
 * The result of a unary call. `status`: the engine returned a gRPC status other than OK. `not-grpc`: the server that responded is
 * not a gRPC server. `transport`: there was no response; `timedOut` if it did not arrive in time.
 */
export type RpcResult<T> =
  | { readonly ok: true; readonly value: T; readonly ms: number }
  | {
      readonly ok: false;
      readonly kind: 'status';
      readonly status: number;
      readonly name: string;
      readonly message: string;
    }
  | { readonly ok: false; readonly kind: 'not-grpc'; readonly httpStatus: number; readonly contentType: string }
  | {
      readonly ok: false;
      readonly kind: 'transport';
      readonly code: string;
      readonly message: string;
      readonly timedOut: boolean;
    };

export interface CallOptions {
  readonly token?: Secret | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The longest response. Default: 4 MiB, as in gRPC. */
  readonly maxBytes?: number | undefined;
}

/** An open HTTP/2 connection to the engine. */
export type EngineConnection = Extract<Awaited<ReturnType<typeof connectEngine>>, { readonly ok: true }>['connection'];

/** https://grpc.io/docs/guides/status-codes/ */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
const STATUS_NAMES = Object.keys(GRPC_STATUS);

const NAMESPACE_STATES = ['unspecified', 'registered', 'deprecated', 'deleted'] as const;
const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

type Headers = Readonly<Record<string, string | string[] | number | undefined>>;

function readStatus(headers: Headers, token: Secret | undefined): RpcResult<never> | 'ok' | undefined {
  const raw = headers['grpc-status'];
  if (raw === undefined) return undefined;
  const status = Number(raw);
  if (status === 0) return 'ok';
  const text = String(headers['grpc-message'] ?? '');
  return {
    ok: false,
    kind: 'status',
    status,
    name: STATUS_NAMES[status] ?? `code ${status}`,
    message: redactSecrets(percentDecode(text), token === undefined ? [] : [token.reveal()]),
  };
}

/** A gRPC message frame: a zero byte (not compressed), the length in four bytes, and the message. */
export function frameMessage(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The first message of the body; empty if it is truncated or compressed, which is never requested. */
function unframe(body: Buffer): Uint8Array {
  if (body.length < 5 || body[0] !== 0) return new Uint8Array();
  return body.subarray(5, 5 + body.readUInt32BE(1));
}

const transportFailure = (code: string, message: string): RpcResult<never> => ({
  ok: false,
  kind: 'transport',
  code,
  message,
  timedOut: code === 'ETIMEDOUT',
});

async function callUnary(
  session: http2.ClientHttp2Session,
  method: string,
  { namespace, message }: { readonly namespace?: string; readonly message: Uint8Array },
  { timeoutMs, token, signal, maxBytes = MAX_RESPONSE_BYTES }: CallOptions,
): Promise<RpcResult<Uint8Array>> {
  if (signal?.aborted === true) return transportFailure('ABORT_ERR', 'stopped');
  if (session.closed || session.destroyed) return transportFailure('ECONNRESET', 'the connection is closed');
  const started = performance.now();
  const stream = session.request({
    ':method': 'POST',
    ':path': `${SERVICE}/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${timeoutMs}m`,
    'user-agent': PACKAGE_NAME,
    ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
    ...(namespace === undefined ? {} : { 'temporal-namespace': namespace }),
  });
  return await new Promise<RpcResult<Uint8Array>>((resolve) => {
    const done = (result: RpcResult<Uint8Array>): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      session.off('error', onError).off('close', onSessionClose);
      stream.on('error', () => undefined);
      // After the response, this would still send a reset, and servers end a connection that sends many.
      if (!stream.readableEnded) stream.close(http2.constants.NGHTTP2_CANCEL);
      resolve(result);
    };
    const onAbort = (): void => done(transportFailure('ABORT_ERR', 'stopped'));
    const onError = (error: unknown): void => done(transportFailure(codeOf(error) ?? 'UNKNOWN', messageOf(error)));
    const onSessionClose = (): void =>
      done(transportFailure('ECONNRESET', 'the connection was closed before a response arrived'));
    const timer = setTimeout(
      () => done(transportFailure('ETIMEDOUT', `no response within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    session.on('error', onError).on('close', onSessionClose);

    const chunks: Buffer[] = [];
    let size = 0;
    let trailers: Headers = {};
    stream.on('response', (headers) => {
      const httpStatus = Number(headers[':status']);
      const contentType = headers['content-type'] ?? '';
      trailers = headers;
      if (httpStatus !== 200 || !contentType.startsWith('application/grpc'))
        done({ ok: false, kind: 'not-grpc', httpStatus, contentType });
    });
    stream.on('trailers', (headers: Headers) => {
      trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) done(transportFailure('ERR_TOO_LARGE', `the response is longer than ${maxBytes} bytes`));
    });
    stream.on('error', onError);
    stream.on('end', () => {
      const status = readStatus(trailers, token);
      if (status === undefined)
        done(transportFailure('ERR_NO_GRPC_STATUS', 'the response ended without a gRPC status'));
      else if (status !== 'ok') done(status);
      else done({ ok: true, value: unframe(Buffer.concat(chunks)), ms: performance.now() - started });
    });
    stream.end(frameMessage(message));
  });
}

/** Connects like a worker, with mutual TLS and through the proxy if there is one, and starts HTTP/2. Never rejects. */
export async function connectEngine(options: DialOptions) {
  const dialed = await dialEngine(options);
  if (!dialed.ok) return dialed;
  const { socket, facts } = dialed;
  const session = http2.connect(`https://${facts.target}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  /** A call of Temporal's workflow service in a namespace; request and response are protobuf messages. */
  const call = (
    method: string,
    request: { readonly namespace: string; readonly message: Uint8Array },
    given: CallOptions,
  ): Promise<RpcResult<Uint8Array>> => callUnary(session, method, request, given);
  const connection = {
    facts,
    getSystemInfo: async (given: CallOptions): Promise<RpcResult<{ readonly serverVersion: string }>> => {
      const result = await callUnary(session, 'GetSystemInfo', { message: new Uint8Array() }, given);
      return result.ok ? { ...result, value: { serverVersion: stringField(result.value, 1) ?? 'unknown' } } : result;
    },
    /** `state`: `registered`, `deprecated`, `deleted` or the number of a newer one. */
    describeNamespace: async (namespace: string, given: CallOptions) => {
      const result = await call('DescribeNamespace', { namespace, message: encodeString(1, namespace) }, given);
      if (!result.ok) return result;
      const info = messageField(result.value, 1);
      const state = numberField(info, 2) ?? 0;
      const value = { name: stringField(info, 1) ?? namespace, state: NAMESPACE_STATES[state] ?? String(state) };
      return { ...result, value };
    },
    call,
    /** Closes the connection immediately; can be called twice. */
    close: () => {
      session.destroy();
      socket.destroy();
    },
  };
  return { ok: true as const, connection };
}
