import {
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { systemClock, type Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { SocketTarget } from '../temporal/private-network.ts';
import type { HeldPort } from '../shared/ports.ts';
import type { PlatformEvent } from '../shared/types.ts';
import { createAuthorizer, type Authorization, type VerifyToken } from './authorizer.ts';
import { CALL_LIMITS, proxyCall, type CallLimits, type CallObserver, type GatewayCall } from './proxy-call.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';
import { sendRefusal, type CallRefusal } from './grpc.ts';
import { createRefusalReporter, reportConnectionFailures } from './report-refusals.ts';
import { endedWorkflow, RESPOND_WORKFLOW_TASK_COMPLETED, rpcName } from './worker-rpcs.ts';
import { openUpstream, SESSION_LIMITS, SESSION_WINDOW, STREAM_WINDOW } from './upstream.ts';

export interface GatewayOptions {
  readonly port: HeldPort;
  readonly server: { readonly certificate: string; readonly privateKey: Secret };
  /** CA certificates (PEM) that must have signed client certificates. */
  readonly clientAuthority: string;
  /** The real Temporal server, cleartext HTTP/2. */
  readonly upstream: SocketTarget;
  readonly verifyToken: VerifyToken;
  readonly clock?: Clock | undefined;
  readonly report?: ((event: PlatformEvent) => void) | undefined;
  /** A worker has completed a workflow task with a command that ends the run, and the server has accepted it. */
  readonly onWorkflowEnded?: ((workflowId: string) => void) | undefined;
  readonly limits?: Partial<CallLimits> | undefined;
}

const CLOSE_GRACE = 1500;
const SHUTTING_DOWN: CallRefusal = { status: GRPC_STATUS.UNAVAILABLE, message: 'The local KuFlow is shutting down' };
const CERTIFICATE_EXPIRED: CallRefusal = {
  status: GRPC_STATUS.UNAVAILABLE,
  message: 'The client certificate of this connection has expired',
};

/**
 * Starts the engine's entry point: mutual TLS, engine tokens, the namespace check and the list of allowed RPCs, none of
 * which the Temporal server behind it has.
 */
export async function startGateway(options: GatewayOptions) {
  const { clock = systemClock, onWorkflowEnded } = options;
  const limits: CallLimits = { ...CALL_LIMITS, ...options.limits };
  const upstream = openUpstream(options.upstream);
  const authorize = createAuthorizer(options.verifyToken, clock);
  const report = createRefusalReporter(clock, options.report);
  /** The open calls of each connection. */
  const sessions = new Map<ServerHttp2Session, Set<GatewayCall>>();
  const sockets = new Set<Socket>();
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
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.set(session, new Set());
    session.setLocalWindowSize(SESSION_WINDOW);
    const cancelExpiry = endSessionAtExpiry(session);
    session.on('error', () => undefined);
    session.on('close', () => {
      cancelExpiry();
      sessions.delete(session);
    });
  });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    // Nobody reads the stream until it is authorized, so the body waits; a client that resets must not raise an error.
    stream.on('error', () => undefined);
    authorize(headers).then(
      (decided) => handleCall(stream, headers, decided),
      (error: unknown) => {
        const message = `The token could not be verified: ${messageOf(error)}`;
        handleCall(stream, headers, { refused: { status: GRPC_STATUS.UNAUTHENTICATED, message } });
      },
    );
  });
  reportConnectionFailures(server, report);
  await options.port.listen(server);
  server.on('error', (error) => report(messageOf(error)));

  const { port } = options.port;
  let closing: Promise<void> | undefined;
  return {
    port,
    address: `127.0.0.1:${port}`,
    /** Answers open calls with UNAVAILABLE and ends all connections within about 1.5 s. Safe to call twice. */
    close: (): Promise<void> => (closing ??= closeGateway()),
  };

  function handleCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, authorization: Authorization): void {
    if (stream.destroyed) return;
    const path = headers[':path'] ?? '';
    if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
      stream.respond({ ':status': 415, 'content-type': 'text/plain' });
      stream.end('This port speaks gRPC only\n');
      return;
    }
    const observer = createObserver(path);
    if (authorization.refused !== undefined) {
      sendRefusal(stream, authorization.refused);
      observer.refused(authorization.refused);
      return;
    }
    const calls = stream.session === undefined ? undefined : sessions.get(stream.session as ServerHttp2Session);
    const { checkMessage } = authorization;
    const call = proxyCall(stream, headers, { upstream, limits, observer, checkMessage });
    calls?.add(call);
    stream.on('close', () => calls?.delete(call));
  }

  function createObserver(path: string): CallObserver {
    const refused = (refusal: CallRefusal): void => report(refusal.message, rpcName(path), refusal.hint);
    if (onWorkflowEnded === undefined || path !== RESPOND_WORKFLOW_TASK_COMPLETED) return { refused };
    return {
      refused,
      finished: ({ ok, message }) => {
        const workflowId = ok ? endedWorkflow(message) : undefined;
        if (workflowId !== undefined) onWorkflowEnded(workflowId);
      },
    };
  }

  /** TLS checks a certificate only when the connection opens. Returns a function that cancels the timer. */
  function endSessionAtExpiry(session: ServerHttp2Session): () => void {
    const expiresAt = Date.parse((session.socket as TLSSocket).getPeerCertificate().valid_to);
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      const left = expiresAt - clock.now();
      if (Number.isNaN(left)) return;
      if (left <= 0) {
        report(
          "a connection was ended because its client's certificate expired",
          undefined,
          'A worker renews its certificate at two thirds of its lifetime',
        );
        endSession(session, CERTIFICATE_EXPIRED);
        // A timer can wait 24.8 days at most.
      } else timer = setTimeout(arm, Math.min(left, 2 ** 31 - 1)).unref();
    };
    arm();
    return () => clearTimeout(timer);
  }

  function endSession(session: ServerHttp2Session, refusal: CallRefusal): void {
    for (const call of sessions.get(session) ?? []) call.end(refusal);
    // In a later turn, because the close could otherwise overtake the answers.
    setImmediate(() => {
      if (!session.destroyed) session.close();
    });
    const timer = setTimeout(() => session.destroy(), CLOSE_GRACE).unref();
    session.on('close', () => clearTimeout(timer));
  }

  function closeGateway(): Promise<void> {
    return new Promise((resolve) => {
      // A connection that never finished its handshake has no session and would keep the server open.
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSE_GRACE + 500);
      server.close(() => {
        clearTimeout(timer);
        upstream.close();
        resolve();
      });
      for (const session of [...sessions.keys()]) endSession(session, SHUTTING_DOWN);
    });
  }
}

export type Gateway = Awaited<ReturnType<typeof startGateway>>;
