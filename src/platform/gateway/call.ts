import { constants } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from 'node:http2';
import { codeOf, messageOf } from '../../base/errors.ts';
import { toClientHeaders, GRPC_STATUS, sendRefusal, toUpstreamHeaders, parseGrpcTimeout } from './grpc.ts';
import type { CallRefusal } from './grpc.ts';
import type { Upstream } from './upstream.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } =
  constants;

export interface CallLimits {
  /** Milliseconds past the call's own deadline after which a silent server is given up. */
  readonly watchdogGrace: number;
  /** Milliseconds for a call that names no deadline. */
  readonly watchdogDefault: number;
  /** Bytes of a request that are kept to repeat it; a larger one is streamed and never repeated. */
  readonly bodyCap: number;
}

export interface CallObserver {
  /** The server answered; `body` is the whole request (gRPC framing included) when it was small enough to keep. */
  finished?(outcome: { readonly ok: boolean; readonly body: Buffer | undefined }): void;
  /** The gateway had to answer in the server's place. */
  gaveUp(refusal: CallRefusal): void;
}

export interface GatewayCall {
  /** Ends the call from our side: an answer of our own, or a reset when the server's answer has begun. */
  end(refusal: CallRefusal): void;
}

/** A request that the server has never seen may be sent again; nothing else may. */
const NEVER_SENT = new Set(['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION']);

/**
 * Carries one admitted call to the server and its answer back: headers, data, trailers or trailers-only, resets and
 * cancellation both ways, one safe repetition when the server's connection rotates, and a watchdog.
 */
export function proxyCall(
  down: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  upstream: Upstream,
  limits: CallLimits,
  observer: CallObserver,
): GatewayCall {
  const outgoing = toUpstreamHeaders(headers, upstream.authority);
  const chunks: Buffer[] = [];
  let size = 0;
  let bodyWhole = false;
  let streaming = false;
  let repeated = false;
  let over = false;
  let up: ClientHttp2Stream | undefined;
  let session: ClientHttp2Session | undefined;

  // Whole seconds, so that calls share Node's timer lists.
  const deadline = parseGrpcTimeout(headers['grpc-timeout']);
  const wait =
    deadline === undefined ? limits.watchdogDefault : Math.ceil(deadline / 1000) * 1000 + limits.watchdogGrace;
  const watchdog = setTimeout(
    () => {
      giveUp({
        status: GRPC_STATUS.unavailable,
        message: `Temporal did not answer within ${Math.round(wait / 1000)} s`,
      });
    },
    Math.min(wait, 2 ** 31 - 1),
  );

  function finish(): boolean {
    if (over) return false;
    over = true;
    clearTimeout(watchdog);
    return true;
  }

  function end(refusal: CallRefusal): void {
    if (!finish()) return;
    if (up !== undefined && !up.closed) up.close(NGHTTP2_CANCEL);
    if (down.headersSent) down.close(NGHTTP2_INTERNAL_ERROR);
    else sendRefusal(down, refusal);
  }

  function giveUp(refusal: CallRefusal): void {
    if (over) return;
    end(refusal);
    observer.gaveUp(refusal);
  }

  function send(): void {
    session = upstream.session();
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(outgoing);
    } catch (error) {
      upFailed(NGHTTP2_NO_ERROR, error);
      return;
    }
    up = stream;
    listen(stream);
    if (streaming) {
      for (const chunk of chunks) stream.write(chunk);
    } else {
      stream.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    }
  }

  function listen(stream: ClientHttp2Stream): void {
    let trailers: OutgoingHttpHeaders | undefined;
    let failure: unknown;
    let ended = false;
    stream.on('response', (answer: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number) => {
      if (over || down.destroyed) return;
      if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) {
        ended = true;
        trailersOnly(answer);
        return;
      }
      down.respond(toClientHeaders(answer), { waitForTrailers: true });
      down.once('wantTrailers', () => {
        down.sendTrailers(
          trailers ?? {
            'grpc-status': String(GRPC_STATUS.unavailable),
            'grpc-message': 'Temporal ended its answer without a status',
          },
        );
      });
    });
    stream.on('trailers', (received: IncomingHttpHeaders) => {
      trailers = toClientHeaders(received);
    });
    stream.on('data', (chunk: Buffer) => {
      if (!over && !down.destroyed && !down.write(chunk)) stream.pause();
    });
    down.on('drain', () => stream.resume());
    stream.on('end', () => {
      // Without trailers this may be a reset, which 'close' tells apart.
      if (trailers !== undefined) answerEnded();
    });
    stream.on('drain', () => down.resume());
    stream.on('error', (error) => {
      failure = error;
    });
    stream.on('close', () => {
      if (ended || stream !== up) return;
      if (down.headersSent && stream.rstCode === NGHTTP2_NO_ERROR && failure === undefined) answerEnded();
      else upFailed(stream.rstCode, failure);
    });

    function answerEnded(): void {
      if (ended) return;
      ended = true;
      if (!finish()) return;
      down.end();
      report(trailers?.['grpc-status'] === '0');
    }
  }

  function trailersOnly(answer: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (!finish()) return;
    down.respond(toClientHeaders(answer), { endStream: true });
    down.resume();
    if (!bodyWhole) up?.close(NGHTTP2_NO_ERROR);
    report(answer['grpc-status'] === '0');
  }

  function report(ok: boolean): void {
    observer.finished?.({ ok, body: streaming ? undefined : Buffer.concat(chunks) });
  }

  function upFailed(code: number, failure: unknown): void {
    if (over) return;
    if (down.headersSent) {
      if (finish()) down.close(code === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : code);
      return;
    }
    const neverSeen = code === NGHTTP2_REFUSED_STREAM || NEVER_SENT.has(codeOf(failure) ?? '');
    // The failure may be heard before the connection's GOAWAY is: the repetition must not go the same way.
    if (neverSeen && session !== undefined) upstream.retire(session);
    if (neverSeen && bodyWhole && !streaming && !repeated) {
      repeated = true;
      send();
      return;
    }
    const why = failure === undefined ? `stream reset with code ${code}` : messageOf(failure);
    giveUp({ status: GRPC_STATUS.unavailable, message: `Temporal is not reachable: ${why}` });
  }

  down.on('data', (chunk: Buffer) => {
    if (over) return;
    if (streaming) {
      if (up?.write(chunk) === false) down.pause();
      return;
    }
    chunks.push(chunk);
    size += chunk.length;
    if (size > limits.bodyCap) {
      streaming = true;
      send();
      chunks.length = 0;
    }
  });
  down.on('end', () => {
    bodyWhole = true;
    if (over || down.destroyed) return;
    if (streaming) up?.end();
    else send();
  });
  // A client that resets its stream makes an error here; the 'close' that follows is what counts.
  down.on('error', () => undefined);
  down.on('close', () => {
    // A long poll left open at the server would swallow the next task for a worker that is gone.
    if (finish() && up !== undefined && !up.closed) up.close(NGHTTP2_CANCEL);
  });
  return { end };
}
