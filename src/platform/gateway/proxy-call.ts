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
import { createRequestReader, messageIn } from './request-message.ts';
import type { Upstream } from './upstream.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } =
  constants;

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

export interface CallLimits {
  /** Milliseconds past the call's own deadline after which the gateway gives up on a silent server. */
  readonly watchdogGrace: number;
  /** Milliseconds for a call without a deadline. */
  readonly watchdogDefault: number;
  /** Bytes of a request's message, uncompressed. Larger ones are refused. */
  readonly maxMessage: number;
}

/** The message size is the limit of Temporal's server. */
export const CALL_LIMITS: CallLimits = { watchdogGrace: 5000, watchdogDefault: 300_000, maxMessage: 4 * 1024 * 1024 };

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
export function proxyCall(
  client: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { upstream, limits, observer, checkMessage }: ProxyOptions,
): GatewayCall {
  const headersForServer = toUpstreamHeaders(headers, upstream.authority);
  /** The request's message with its prefix, once it has been received and checked. */
  let body: Buffer = NO_BODY;
  let hasRetried = false;
  /** The client has its answer, or is gone. */
  let isFinished = false;
  let server: ClientHttp2Stream | undefined;
  let session: ClientHttp2Session | undefined;

  const watchdog = startWatchdog(parseGrpcTimeout(headers['grpc-timeout']));
  readRequest();
  return { end };

  function startWatchdog(deadline: number | undefined): NodeJS.Timeout {
    const { watchdogDefault, watchdogGrace } = limits;
    // Whole seconds, so that calls share Node's timer lists.
    const wait = deadline === undefined ? watchdogDefault : Math.ceil(deadline / 1000) * 1000 + watchdogGrace;
    return setTimeout(
      () => {
        const message = `Temporal did not answer within ${Math.round(wait / 1000)} s`;
        refuse({ status: GRPC_STATUS.UNAVAILABLE, message });
      },
      Math.min(wait, 2 ** 31 - 1),
    );
  }

  function readRequest(): void {
    const reader = createRequestReader(headers['grpc-encoding'] as string | undefined, limits.maxMessage);
    client.on('data', (chunk: Buffer) => {
      if (isFinished) return;
      const refusal = reader.add(chunk);
      if (refusal !== undefined) refuse(refusal);
    });
    client.on('end', () => {
      if (isFinished || client.destroyed) return;
      const request = reader.finish();
      const refusal = 'refused' in request ? request.refused : checkMessage?.(messageIn(request.body));
      if (refusal !== undefined) {
        refuse(refusal);
      } else if ('body' in request) {
        body = request.body;
        sendUpstream();
      }
    });
    // A client that resets its stream causes an error event; the 'close' that follows is what counts.
    client.on('error', () => undefined);
    client.on('close', () => {
      // A long poll left open at the server would take the next task for a worker that is gone.
      if (finish() && server !== undefined && !server.closed) server.close(NGHTTP2_CANCEL);
    });
  }

  /** Opens a stream to the server and sends the request. */
  function sendUpstream(): void {
    session = upstream.session();
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(headersForServer);
    } catch (error) {
      handleUpstreamFailure(NGHTTP2_NO_ERROR, error);
      return;
    }
    server = stream;
    relayAnswer(stream);
    stream.end(body);
  }

  function relayAnswer(stream: ClientHttp2Stream): void {
    let trailers: OutgoingHttpHeaders | undefined;
    let failure: unknown;
    let ended = false;
    stream.on('response', (answer: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number) => {
      if (isFinished || client.destroyed) return;
      if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) {
        ended = true;
        if (!finish()) return;
        client.respond(toClientHeaders(answer), { endStream: true });
        notifyObserver(answer['grpc-status']);
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
      if (!isFinished && !client.destroyed && !client.write(chunk)) stream.pause();
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
      if (ended || stream !== server) return;
      if (client.headersSent && stream.rstCode === NGHTTP2_NO_ERROR && failure === undefined) endAnswer();
      else handleUpstreamFailure(stream.rstCode, failure);
    });

    function endAnswer(): void {
      if (ended) return;
      ended = true;
      if (!finish()) return;
      client.end();
      notifyObserver(trailers?.['grpc-status']);
    }
  }

  function notifyObserver(status: unknown): void {
    observer.finished?.({ ok: status === '0', message: messageIn(body) });
  }

  /** Resets the client's stream if its answer has begun, retries once if that is safe, and gives up otherwise. */
  function handleUpstreamFailure(code: number, failure: unknown): void {
    if (isFinished) return;
    if (client.headersSent) {
      if (finish()) client.close(code === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : code);
      return;
    }
    const neverSeen = code === NGHTTP2_REFUSED_STREAM || NEVER_SENT.has(codeOf(failure) ?? '');
    // The failure may arrive before the connection's GOAWAY does: the retry must not use the same connection.
    if (neverSeen && session !== undefined) upstream.retire(session);
    if (neverSeen && !hasRetried) {
      hasRetried = true;
      sendUpstream();
      return;
    }
    const reason = failure === undefined ? `stream reset with code ${code}` : messageOf(failure);
    refuse({ status: GRPC_STATUS.UNAVAILABLE, message: `Temporal is not reachable: ${reason}` });
  }

  function refuse(refusal: CallRefusal): void {
    if (isFinished) return;
    end(refusal);
    observer.refused(refusal);
  }

  function end(refusal: CallRefusal): void {
    if (!finish()) return;
    if (server !== undefined && !server.closed) server.close(NGHTTP2_CANCEL);
    if (client.headersSent) client.close(NGHTTP2_INTERNAL_ERROR);
    else sendRefusal(client, refusal);
  }

  /** False when the call had finished before. */
  function finish(): boolean {
    if (isFinished) return false;
    isFinished = true;
    clearTimeout(watchdog);
    return true;
  }
}
