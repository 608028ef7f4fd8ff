import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { systemClock, type Clock } from '../../base/clock.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { SocketTarget } from '../temporal/network.ts';
import type { PlatformEvent } from '../shared/types.ts';
import { createAuthorizer, type Authorization, type VerifyToken } from './authorizer.ts';
import { proxyCall, type GatewayCall, type CallLimits, type CallObserver } from './proxy-call.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';
import { sendRefusal, type CallRefusal } from './grpc.ts';
import { readCompletedTask, RESPOND_WORKFLOW_TASK_COMPLETED, rpcName } from './rpcs.ts';
import { explainTlsFailure } from './tls-failure.ts';
import { openUpstream, SESSION_LIMITS, SESSION_WINDOW, STREAM_WINDOW, type Upstream } from './upstream.ts';

export interface GatewayOptions {
  /** On 127.0.0.1; 0 for any free port. */
  readonly port: number;
  readonly server: { readonly certificate: string; readonly privateKey: Secret };
  /** CA certificates (PEM) that must have signed client certificates. */
  readonly clientAuthority: string;
  /** The real Temporal server, cleartext HTTP/2. */
  readonly upstream: SocketTarget;
  readonly verifyToken: VerifyToken;
  readonly clock?: Clock | undefined;
  readonly report?: ((event: PlatformEvent) => void) | undefined;
  /**
   * A worker has completed a workflow task and the server has accepted it. `closing` is true if one of its commands
   * ends the run. Without `workflowId` any workflow may have closed.
   */
  readonly onWorkflowTaskCompleted?:
    | ((task: { readonly workflowId?: string | undefined; readonly closing: boolean }) => void)
    | undefined;
  readonly limits?: (Partial<CallLimits> & { readonly closeGrace?: number }) | undefined;
}

/** What the listeners of all connections share. */
interface GatewayState {
  readonly options: GatewayOptions;
  readonly clock: Clock;
  readonly limits: CallLimits;
  /** Milliseconds that a connection gets to deliver its last answers. */
  readonly closeGrace: number;
  readonly upstream: Upstream;
  /** The open calls of each connection. */
  readonly sessions: Map<ServerHttp2Session, Set<GatewayCall>>;
  readonly report: RefusalReporter;
}

type RefusalReporter = (reason: string, rpc?: string, hint?: string) => void;

/** The message size is the limit of Temporal's server. */
const LIMITS: CallLimits = { watchdogGrace: 5000, watchdogDefault: 300_000, maxMessage: 4 * 1024 * 1024 };
const CLOSE_GRACE = 1500;
/** The same refusal is reported once in this time (ms), because a worker without a token never stops polling. */
const REPORT_EVERY = 1000;
const SHUTTING_DOWN: CallRefusal = { status: GRPC_STATUS.UNAVAILABLE, message: 'The local KuFlow is shutting down' };
const CERTIFICATE_EXPIRED: CallRefusal = {
  status: GRPC_STATUS.UNAVAILABLE,
  message: 'The client certificate of this connection has expired',
};

/**
 * Starts the engine's entry point: mutual TLS, engine tokens, the namespace check and the list of allowed RPCs, none of
 * which the Temporal server behind it has. Rejects with KnownError if the port cannot be opened.
 */
export async function startGateway(options: GatewayOptions) {
  const clock = options.clock ?? systemClock;
  const state: GatewayState = {
    options,
    clock,
    limits: { ...LIMITS, ...options.limits },
    closeGrace: options.limits?.closeGrace ?? CLOSE_GRACE,
    upstream: openUpstream(options.upstream),
    sessions: new Map(),
    report: createRefusalReporter(clock, options.report),
  };
  const server = createTlsServer(options);
  const sockets = trackSockets(server);
  acceptSessions(server, state);
  acceptCalls(server, state);
  reportConnectionFailures(server, state.report);
  await listen(server, options.port);
  server.on('error', (error) => state.report(messageOf(error)));

  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    port,
    address: `127.0.0.1:${port}`,
    /** Answers open calls with UNAVAILABLE and ends all connections within about 1.5 s. Safe to call twice. */
    close: (): Promise<void> => (closing ??= closeGateway(server, state, sockets)),
  };
}

export type Gateway = Awaited<ReturnType<typeof startGateway>>;

function createTlsServer(options: GatewayOptions): Http2SecureServer {
  return createSecureServer({
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
}

function createRefusalReporter(clock: Clock, report: GatewayOptions['report']): RefusalReporter {
  const reported = new Map<string, number>();
  return (reason, rpc, hint) => {
    const key = `${rpc ?? ''} ${reason}`;
    const now = clock.now();
    if (now - (reported.get(key) ?? -Infinity) < REPORT_EVERY) return;
    if (reported.size > 1000) reported.clear();
    reported.set(key, now);
    report?.({ kind: 'gateway-refused', reason, rpc, hint });
  };
}

function acceptSessions(server: Http2SecureServer, state: GatewayState): void {
  server.on('session', (session) => {
    state.sessions.set(session, new Set());
    session.setLocalWindowSize(SESSION_WINDOW);
    const cancelExpiry = endSessionAtExpiry(session, state);
    session.on('error', () => undefined);
    session.on('close', () => {
      cancelExpiry();
      state.sessions.delete(session);
    });
  });
  server.on('sessionError', () => undefined);
}

function acceptCalls(server: Http2SecureServer, state: GatewayState): void {
  const authorize = createAuthorizer(state.options.verifyToken, state.clock);
  server.on('stream', (stream, headers) => {
    const authorization = authorize(headers);
    if (authorization instanceof Promise) {
      // Nobody reads the stream until then, so the body waits; a client that resets must not raise an error.
      stream.on('error', () => undefined);
      authorization.then(
        (decided) => handleCall(state, stream, headers, decided),
        (error: unknown) => {
          const message = `The token could not be verified: ${messageOf(error)}`;
          handleCall(state, stream, headers, { refused: { status: GRPC_STATUS.UNAUTHENTICATED, message } });
        },
      );
    } else handleCall(state, stream, headers, authorization);
  });
}

function handleCall(
  state: GatewayState,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  authorization: Authorization,
): void {
  if (stream.destroyed) return;
  const path = headers[':path'] ?? '';
  if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 415, 'content-type': 'text/plain' });
    stream.end('This port speaks gRPC only\n');
    return;
  }
  const observer = createObserver(state, path);
  if (authorization.refused !== undefined) {
    stream.on('error', () => undefined);
    sendRefusal(stream, authorization.refused);
    observer.refused(authorization.refused);
    return;
  }
  const calls = stream.session === undefined ? undefined : state.sessions.get(stream.session as ServerHttp2Session);
  const { checkMessage } = authorization;
  const call = proxyCall(stream, headers, { upstream: state.upstream, limits: state.limits, observer, checkMessage });
  calls?.add(call);
  stream.on('close', () => calls?.delete(call));
}

function createObserver(state: GatewayState, path: string): CallObserver {
  const refused = (refusal: CallRefusal): void => state.report(refusal.message, rpcName(path), refusal.hint);
  const notify = state.options.onWorkflowTaskCompleted;
  if (notify === undefined || path !== RESPOND_WORKFLOW_TASK_COMPLETED) return { refused };
  return {
    refused,
    finished: ({ ok, message }) => {
      if (ok) notify(readCompletedTask(message));
    },
  };
}

function reportConnectionFailures(server: Http2SecureServer, report: RefusalReporter): void {
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    // When verification fails, the error looks as if the peer had gone; the socket has the reason.
    const verification = socket.authorizationError as unknown;
    const code = typeof verification === 'string' ? verification : codeOf(error);
    const failure = explainTlsFailure(code, messageOf(error));
    if (failure !== undefined) report(failure.reason, undefined, failure.hint);
  });
  server.on('unknownProtocol', (socket) => {
    report('a client does not offer HTTP/2 (ALPN h2)', undefined, 'gRPC needs HTTP/2');
    socket.destroy();
  });
}

/** TLS checks a certificate only when the connection opens. Returns a function that cancels the timer. */
function endSessionAtExpiry(session: ServerHttp2Session, state: GatewayState): () => void {
  const expiresAt = Date.parse((session.socket as TLSSocket).getPeerCertificate().valid_to);
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const left = expiresAt - state.clock.now();
    if (Number.isNaN(left)) return;
    if (left <= 0) {
      state.report(
        "a connection was ended because its client's certificate expired",
        undefined,
        'A worker renews its certificate at two thirds of its lifetime',
      );
      endSession(session, state, CERTIFICATE_EXPIRED);
      // A timer can wait 24.8 days at most.
    } else timer = setTimeout(arm, Math.min(left, 2 ** 31 - 1)).unref();
  };
  arm();
  return () => clearTimeout(timer);
}

function endSession(session: ServerHttp2Session, state: GatewayState, refusal: CallRefusal): void {
  for (const call of state.sessions.get(session) ?? []) call.end(refusal);
  // In a later turn, because the close could otherwise overtake the answers.
  setImmediate(() => {
    if (!session.destroyed) session.close();
  });
  const timer = setTimeout(() => session.destroy(), state.closeGrace).unref();
  session.on('close', () => clearTimeout(timer));
}

function trackSockets(server: Http2SecureServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function listen(server: Http2SecureServer, port: number): Promise<void> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    throw new KnownError({
      message: `The engine port ${port} can't be opened`,
      tried: `listen on 127.0.0.1:${port}`,
      seen: messageOf(error),
      cause: error,
    });
  }
}

function closeGateway(server: Http2SecureServer, state: GatewayState, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // A connection that never finished its handshake has no session and would keep the server open.
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, state.closeGrace + 500);
    server.close(() => {
      clearTimeout(timer);
      state.upstream.close();
      resolve();
    });
    for (const session of [...state.sessions.keys()]) endSession(session, state, SHUTTING_DOWN);
  });
}
