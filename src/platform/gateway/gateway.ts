import { createSecureServer } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { PlatformEvent } from '../types.ts';
import { createAuthorizer } from './authorizer.ts';
import type { RefusedCall, VerifyToken } from './authorizer.ts';
import { proxyCall } from './call.ts';
import type { GatewayCall, CallLimits, CallObserver } from './call.ts';
import { readCompletedTask } from './completed-task.ts';
import { GRPC_STATUS, sendRefusal } from './grpc.ts';
import type { CallRefusal } from './grpc.ts';
import { RESPOND_WORKFLOW_TASK_COMPLETED, rpcName } from './rpcs.ts';
import { explainTlsFailure } from './tls-failure.ts';
import { openUpstream, SESSION_LIMITS, SESSION_WINDOW, STREAM_WINDOW } from './upstream.ts';

export interface GatewayOptions {
  /** 127.0.0.1 by default; the platform listens on loopback only. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly server: { readonly certificate: string; readonly privateKey: Secret };
  /** CA certificates (PEM) that client certificates must come from. */
  readonly clientAuthority: string;
  /** The real Temporal server, cleartext HTTP/2. */
  readonly upstream: { readonly host: string; readonly port: number };
  readonly verifyToken: VerifyToken;
  /** Lets every RPC pass, not only those of a worker. */
  readonly relax?: boolean;
  readonly clock?: Clock;
  readonly report?: (event: PlatformEvent) => void;
  /** A workflow task was handed in and accepted; `closing` when a command of it ends the run. Absent id: look at all. */
  readonly onWorkflowTaskCompleted?: (task: { readonly workflowId?: string; readonly closing: boolean }) => void;
  readonly limits?: Partial<CallLimits> & { readonly closeGrace?: number };
}

export interface Gateway {
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** Answers open calls with UNAVAILABLE and ends all connections, within about 1.5 s; safe to call twice. */
  close(): Promise<void>;
}

const LIMITS: CallLimits = { watchdogGrace: 5000, watchdogDefault: 300_000, bodyCap: 4 * 1024 * 1024 };
const CLOSE_GRACE = 1500;
/** The same refusal is reported once in this time (ms): a worker without a token repeats its polls without end. */
const REPORT_EVERY = 1000;
const SHUTTING_DOWN: CallRefusal = { status: GRPC_STATUS.unavailable, message: 'The local platform is shutting down' };
const CERTIFICATE_EXPIRED: CallRefusal = {
  status: GRPC_STATUS.unavailable,
  message: 'The client certificate of this connection has expired',
};

/**
 * The engine's front door: mutual TLS, engine token, namespace and a list of allowed RPCs in front of a Temporal server
 * that has none of them. Rejects with KnownError when the port can't be taken.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const host = options.host ?? '127.0.0.1';
  const clock = options.clock ?? systemClock;
  const limits: CallLimits = { ...LIMITS, ...options.limits };
  const closeGrace = options.limits?.closeGrace ?? CLOSE_GRACE;
  const admit = createAuthorizer({ verifyToken: options.verifyToken, clock, relax: options.relax ?? false });
  const upstream = openUpstream(options.upstream);
  const sessions = new Map<ServerHttp2Session, Set<GatewayCall>>();
  const reported = new Map<string, number>();

  function report(reason: string, rpc?: string, hint?: string): void {
    const key = `${rpc ?? ''} ${reason}`;
    const now = clock.now();
    if (now - (reported.get(key) ?? -Infinity) < REPORT_EVERY) return;
    if (reported.size > 1000) reported.clear();
    reported.set(key, now);
    options.report?.({
      kind: 'gateway-refused',
      reason,
      ...(rpc === undefined ? {} : { rpc }),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  const server = createSecureServer({
    cert: options.server.certificate,
    key: options.server.privateKey.reveal(),
    ca: options.clientAuthority,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2'],
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    ...SESSION_LIMITS,
  });

  server.on('session', (session) => {
    sessions.set(session, new Set());
    session.setLocalWindowSize(SESSION_WINDOW);
    const stopExpiry = endAtExpiry(session, () => {
      report(
        "a connection was ended because its client's certificate expired",
        undefined,
        'A worker renews its certificate at two thirds of its life',
      );
      endSession(session, CERTIFICATE_EXPIRED);
    });
    session.on('error', () => undefined);
    session.on('close', () => {
      stopExpiry();
      sessions.delete(session);
    });
  });

  server.on('stream', (stream, headers) => {
    const admitted = admit(headers);
    if (admitted instanceof Promise) {
      // Until it is decided nobody listens, so the body waits; a client that resets must not raise an error.
      stream.on('error', () => undefined);
      admitted.then(
        (refused) => accept(stream, headers, refused),
        (error: unknown) =>
          accept(stream, headers, {
            status: GRPC_STATUS.unauthenticated,
            message: `The token could not be verified: ${messageOf(error)}`,
          }),
      );
    } else accept(stream, headers, admitted);
  });

  function accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, refused: RefusedCall | undefined): void {
    if (stream.destroyed) return;
    const path = headers[':path'] ?? '';
    if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 415, 'content-type': 'text/plain' });
      stream.end('This port speaks gRPC only\n');
      return;
    }
    if (refused !== undefined) {
      stream.on('error', () => undefined);
      sendRefusal(stream, refused);
      report(refused.message, rpcName(path), refused.hint);
      return;
    }
    const calls = stream.session === undefined ? undefined : sessions.get(stream.session as ServerHttp2Session);
    const call = proxyCall(stream, headers, upstream, limits, observe(path));
    calls?.add(call);
    stream.on('close', () => calls?.delete(call));
  }

  function observe(path: string): CallObserver {
    const gaveUp = (refusal: CallRefusal): void => report(refusal.message, rpcName(path));
    const notify = options.onWorkflowTaskCompleted;
    if (notify === undefined || path !== RESPOND_WORKFLOW_TASK_COMPLETED) return { gaveUp };
    return {
      gaveUp,
      finished: ({ ok, body }) => {
        if (ok) notify((body === undefined ? undefined : readCompletedTask(body)) ?? { closing: true });
      },
    };
  }

  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    // Verification ends the socket as if the peer had gone; why it did stands on the socket.
    const verification = socket.authorizationError as unknown;
    const code = typeof verification === 'string' ? verification : codeOf(error);
    const refusal = explainTlsFailure(code, messageOf(error));
    if (refusal !== undefined) report(refusal.reason, undefined, refusal.hint);
  });
  server.on('unknownProtocol', (socket) => {
    report('a client does not offer HTTP/2 (ALPN h2)', undefined, 'gRPC needs HTTP/2');
    socket.destroy();
  });
  server.on('sessionError', () => undefined);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  function endAtExpiry(session: ServerHttp2Session, expired: () => void): () => void {
    const until = Date.parse((session.socket as TLSSocket).getPeerCertificate().valid_to);
    let timer: NodeJS.Timeout | undefined;
    // TLS looks at the certificate once; a timer holds at most 24.8 days.
    const arm = (): void => {
      const left = until - clock.now();
      if (Number.isNaN(left)) return;
      if (left <= 0) expired();
      else timer = setTimeout(arm, Math.min(left, 2 ** 31 - 1)).unref();
    };
    arm();
    return () => clearTimeout(timer);
  }

  function endSession(session: ServerHttp2Session, refusal: CallRefusal): void {
    for (const call of sessions.get(session) ?? []) call.end(refusal);
    // After the answers: closing in the same turn could overtake them.
    setImmediate(() => {
      if (!session.destroyed) session.close();
    });
    const late = setTimeout(() => session.destroy(), closeGrace).unref();
    session.on('close', () => clearTimeout(late));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new KnownError({
          message: `The engine port ${options.port} can't be opened`,
          tried: `listen on ${host}:${options.port}`,
          seen: messageOf(error),
          cause: error,
        }),
      );
    });
    server.listen(options.port, host, () => resolve());
  });
  server.on('error', (error) => report(messageOf(error)));

  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: () => {
      closing ??= new Promise<void>((resolve) => {
        // A connection that never finished its handshake has no session, and would hold the server open.
        const late = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, closeGrace + 500);
        server.close(() => {
          clearTimeout(late);
          upstream.close();
          resolve();
        });
        for (const session of [...sessions.keys()]) endSession(session, SHUTTING_DOWN);
      });
      return closing;
    },
  };
}
