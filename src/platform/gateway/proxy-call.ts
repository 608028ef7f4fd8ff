import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { codeOf, messageOf } from '../../base/errors.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';
import { parseGrpcTimeout, sendRefusal, toClientHeaders, toUpstreamHeaders, type CallRefusal } from './grpc.ts';
import type { CheckMessage } from './authorizer.ts';
import { createRequestReader, messageIn, type RequestReader } from './request-message.ts';
import type { Upstream } from './upstream.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } =
  constants;

export interface CallLimits {
  /** Milliseconds past the call's own deadline after which the gateway gives up on a silent server. */
  readonly watchdogGrace: number;
  /** Milliseconds for a call without a deadline. */
  readonly watchdogDefault: number;
  /** Bytes of a request's message, uncompressed. Larger ones are refused. */
  readonly maxMessage: number;
}

export interface CallObserver {
  /** The server answered. `message` is the message of the request. */
  finished?(outcome: { readonly ok: boolean; readonly message: Buffer }): void;
  /** The gateway answered: the request was refused, or the server did not answer. */
  refused(refusal: CallRefusal): void;
}

export interface GatewayCall {
  /** Ends the call from the gateway: with this answer, or with a reset if the server's answer has begun. */
  end(refusal: CallRefusal): void;
}

/** One call on its way through the gateway. All listeners of the call share this object. */
interface ProxiedCall {
  readonly client: ServerHttp2Stream;
  /** For the server. */
  readonly headers: OutgoingHttpHeaders;
  readonly upstream: Upstream;
  readonly limits: CallLimits;
  readonly observer: CallObserver;
  /** The request's message with its prefix, once it has been received and checked. */
  body: Buffer;
  retried: boolean;
  /** The client has its answer, or is gone. */
  finished: boolean;
  server: ClientHttp2Stream | undefined;
  session: ClientHttp2Session | undefined;
  watchdog: NodeJS.Timeout | undefined;
}

const NO_BODY = Buffer.alloc(0);
/** Only a request that the server has never seen may be sent again. */
const NEVER_SENT = new Set(['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION']);

export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly limits: CallLimits;
  readonly observer: CallObserver;
  readonly checkMessage?: CheckMessage | undefined;
}

/**
 * Proxies one authorized call: headers, data, trailers or trailers-only answers, resets and cancellation in both
 * directions, one safe retry when the server's connection rotates, and a watchdog for a server that does not answer.
 * The request is forwarded when all of it has arrived and its message has been checked.
 */
export function proxyCall(client: ServerHttp2Stream, headers: IncomingHttpHeaders, options: ProxyOptions): GatewayCall {
  const { upstream, limits, observer } = options;
  const call: ProxiedCall = {
    client,
    headers: toUpstreamHeaders(headers, upstream.authority),
    upstream,
    limits,
    observer,
    body: NO_BODY,
    retried: false,
    finished: false,
    server: undefined,
    session: undefined,
    watchdog: undefined,
  };
  startWatchdog(call, parseGrpcTimeout(headers['grpc-timeout']));
  readRequest(
    call,
    createRequestReader(headers['grpc-encoding'] as string | undefined, limits.maxMessage),
    options.checkMessage,
  );
  return { end: (refusal) => endCall(call, refusal) };
}

function startWatchdog(call: ProxiedCall, deadline: number | undefined): void {
  const { watchdogDefault, watchdogGrace } = call.limits;
  // Whole seconds, so that calls share Node's timer lists.
  const wait = deadline === undefined ? watchdogDefault : Math.ceil(deadline / 1000) * 1000 + watchdogGrace;
  call.watchdog = setTimeout(
    () => {
      const message = `Temporal did not answer within ${Math.round(wait / 1000)} s`;
      refuse(call, { status: GRPC_STATUS.UNAVAILABLE, message });
    },
    Math.min(wait, 2 ** 31 - 1),
  );
}

function readRequest(call: ProxiedCall, reader: RequestReader, checkMessage: CheckMessage | undefined): void {
  const { client } = call;
  client.on('data', (chunk: Buffer) => {
    if (call.finished) return;
    const refusal = reader.add(chunk);
    if (refusal !== undefined) refuse(call, refusal);
  });
  client.on('end', () => {
    if (call.finished || client.destroyed) return;
    const request = reader.finish();
    const refusal = 'refused' in request ? request.refused : checkMessage?.(messageIn(request.body));
    if (refusal !== undefined) {
      refuse(call, refusal);
    } else if ('body' in request) {
      call.body = request.body;
      sendUpstream(call);
    }
  });
  // A client that resets its stream causes an error event; the 'close' that follows is what counts.
  client.on('error', () => undefined);
  client.on('close', () => {
    // A long poll left open at the server would take the next task for a worker that is gone.
    if (finish(call) && call.server !== undefined && !call.server.closed) call.server.close(NGHTTP2_CANCEL);
  });
}

/** Opens a stream to the server and sends the request. */
function sendUpstream(call: ProxiedCall): void {
  call.session = call.upstream.session();
  let stream: ClientHttp2Stream;
  try {
    stream = call.session.request(call.headers);
  } catch (error) {
    handleUpstreamFailure(call, NGHTTP2_NO_ERROR, error);
    return;
  }
  call.server = stream;
  relayAnswer(call, stream);
  stream.end(call.body);
}

function relayAnswer(call: ProxiedCall, stream: ClientHttp2Stream): void {
  const { client } = call;
  let trailers: OutgoingHttpHeaders | undefined;
  let failure: unknown;
  let ended = false;
  stream.on('response', (answer: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number) => {
    if (call.finished || client.destroyed) return;
    if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) {
      ended = true;
      relayTrailersOnly(call, answer);
      return;
    }
    client.respond(toClientHeaders(answer), { waitForTrailers: true });
    client.once('wantTrailers', () => {
      client.sendTrailers(
        trailers ?? {
          'grpc-status': String(GRPC_STATUS.UNAVAILABLE),
          'grpc-message': 'Temporal ended its answer without a status',
        },
      );
    });
  });
  stream.on('trailers', (received: IncomingHttpHeaders) => {
    trailers = toClientHeaders(received);
  });
  stream.on('data', (chunk: Buffer) => {
    if (!call.finished && !client.destroyed && !client.write(chunk)) stream.pause();
  });
  client.on('drain', () => stream.resume());
  stream.on('end', () => {
    // Without trailers this may be a reset, which 'close' distinguishes.
    if (trailers !== undefined) endAnswer();
  });
  stream.on('error', (error) => {
    failure = error;
  });
  stream.on('close', () => {
    if (ended || stream !== call.server) return;
    if (client.headersSent && stream.rstCode === NGHTTP2_NO_ERROR && failure === undefined) endAnswer();
    else handleUpstreamFailure(call, stream.rstCode, failure);
  });

  function endAnswer(): void {
    if (ended) return;
    ended = true;
    if (!finish(call)) return;
    client.end();
    notifyObserver(call, trailers?.['grpc-status'] === '0');
  }
}

function relayTrailersOnly(call: ProxiedCall, answer: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
  if (!finish(call)) return;
  call.client.respond(toClientHeaders(answer), { endStream: true });
  notifyObserver(call, answer['grpc-status'] === '0');
}

function notifyObserver(call: ProxiedCall, ok: boolean): void {
  call.observer.finished?.({ ok, message: messageIn(call.body) });
}

/** Resets the client's stream if its answer has begun, retries once if that is safe, and gives up otherwise. */
function handleUpstreamFailure(call: ProxiedCall, code: number, failure: unknown): void {
  if (call.finished) return;
  if (call.client.headersSent) {
    if (finish(call)) call.client.close(code === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : code);
    return;
  }
  const neverSeen = code === NGHTTP2_REFUSED_STREAM || NEVER_SENT.has(codeOf(failure) ?? '');
  // The failure may arrive before the connection's GOAWAY does: the retry must not use the same connection.
  if (neverSeen && call.session !== undefined) call.upstream.retire(call.session);
  if (neverSeen && !call.retried) {
    call.retried = true;
    sendUpstream(call);
    return;
  }
  const reason = failure === undefined ? `stream reset with code ${code}` : messageOf(failure);
  refuse(call, { status: GRPC_STATUS.UNAVAILABLE, message: `Temporal is not reachable: ${reason}` });
}

function refuse(call: ProxiedCall, refusal: CallRefusal): void {
  if (call.finished) return;
  endCall(call, refusal);
  call.observer.refused(refusal);
}

function endCall(call: ProxiedCall, refusal: CallRefusal): void {
  if (!finish(call)) return;
  if (call.server !== undefined && !call.server.closed) call.server.close(NGHTTP2_CANCEL);
  if (call.client.headersSent) call.client.close(NGHTTP2_INTERNAL_ERROR);
  else sendRefusal(call.client, refusal);
}

/** False when the call had finished before. */
function finish(call: ProxiedCall): boolean {
  if (call.finished) return false;
  call.finished = true;
  clearTimeout(call.watchdog);
  return true;
}
