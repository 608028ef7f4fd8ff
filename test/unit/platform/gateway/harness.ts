import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2Server,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import descriptors from '@temporalio/proto/protos/json-module.js';
import type { Namespace } from 'protobufjs';
import type { Clock } from '../../../../src/base/clock.ts';
import { startGateway } from '../../../../src/platform/gateway/gateway.ts';
import type { Gateway, GatewayOptions } from '../../../../src/platform/gateway/gateway.ts';
import { openAuthority } from '../../../../src/platform/pki/authority.ts';
import type { Authority, IssuedCertificate } from '../../../../src/platform/pki/authority.ts';
import { openEngineTokens } from '../../../../src/platform/pki/tokens.ts';
import type { EngineTokens } from '../../../../src/platform/pki/tokens.ts';
import { holdPort } from '../../../../src/platform/shared/ports.ts';
import type { PlatformEvent } from '../../../../src/platform/shared/types.ts';

export const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService/';
export const NAMESPACE = 'tenant-1';

const MESSAGES = descriptors.lookup('temporal.api.workflowservice.v1') as Namespace;

/** The request of an RPC with nothing but this namespace, encoded by Temporal's own library; empty for RPCs without one. */
export function requestNaming(path: string, namespace: string): Buffer {
  const name = path.split('/').at(-1) ?? '';
  if (MESSAGES.get(`${name}Request`) === null) return Buffer.alloc(0);
  const type = MESSAGES.lookupType(`${name}Request`);
  return Buffer.from(type.encode(type.create({ namespace })).finish());
}

/** The namespace in the request of an RPC, according to Temporal's own library; undefined if that cannot decode it. */
export function decodeNamespace(path: string, message: Buffer): unknown {
  try {
    return (MESSAGES.lookupType(`${path.split('/').at(-1) ?? ''}Request`).decode(message) as { namespace?: unknown })
      .namespace;
  } catch {
    return undefined;
  }
}

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface UpstreamServer {
  readonly port: number;
  readonly sessions: Set<ServerHttp2Session>;
  handle: Handler;
  /** Headers of each request received. */
  readonly seen: IncomingHttpHeaders[];
  readonly close: () => Promise<void>;
}

/** A stand-in for the Temporal server: cleartext HTTP/2 whose answers the test writes. */
export async function startUpstream(port = 0): Promise<UpstreamServer> {
  const server: Http2Server = createServer({ maxHeaderListPairs: 2000 });
  const sessions = new Set<ServerHttp2Session>();
  const result = { port: 0, sessions, handle: echo as Handler, seen: [] as IncomingHttpHeaders[], close };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    result.seen.push(headers);
    result.handle(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  result.port = (server.address() as AddressInfo).port;
  function close(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const session of sessions) session.destroy();
    });
  }
  return result;
}

/** Answers with the request's bytes and status 0 in trailers. */
export function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-last': 'yes' }));
  stream.pipe(stream);
}

export interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailersOnly: boolean;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly rst: number;
  /** From the trailers, or the headers of a trailers-only answer. */
  readonly status: string | undefined;
  readonly message: string;
}

export function frame(message: Buffer | string, compressed = false): Buffer {
  const bytes = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function open(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
    ...headers,
  });
}

/** Collects an answer until its stream closes. */
export function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    let trailersOnly = false;
    const body: Buffer[] = [];
    stream.on('response', (received: IncomingHttpHeaders, flags: number) => {
      headers = received;
      trailersOnly = (flags & 1) !== 0;
    });
    stream.on('trailers', (received: IncomingHttpHeaders) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const message = (trailers['grpc-message'] ?? headers['grpc-message'] ?? '') as string;
      const status = (trailers['grpc-status'] ?? headers['grpc-status']) as string | undefined;
      resolve({
        headers,
        trailersOnly,
        trailers,
        body: Buffer.concat(body),
        rst: stream.rstCode,
        status,
        message: decodeURIComponent(message),
      });
    });
  });
}

export interface Rig {
  readonly authority: Authority;
  readonly tokens: EngineTokens;
  readonly upstream: UpstreamServer;
  readonly gateway: Gateway;
  readonly client: IssuedCertificate;
  readonly events: PlatformEvent[];
  /** Headers that authorize a call in a namespace. */
  readonly credentials: OutgoingHttpHeaders;
  readonly connect: (certificate?: IssuedCertificate | null) => ClientHttp2Session;
  /** By default with `credentials`, and a message that names `NAMESPACE`. */
  readonly call: (path: string, headers?: OutgoingHttpHeaders, body?: Buffer) => Promise<Answer>;
  close(): Promise<void>;
}

export async function startRig(
  options: Partial<GatewayOptions> & { readonly authorityClock?: Clock } = {},
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'kuflow-gateway-'));
  const authority = await openAuthority({ folder, clock: options.authorityClock });
  const tokens = await openEngineTokens({ folder, graceSeconds: 0, clock: options.clock });
  const client = await authority.issueClientCertificate({
    principalId: 'app',
    namespace: NAMESPACE,
    lifeSeconds: 3600,
  });
  const upstream = await startUpstream();
  const events: PlatformEvent[] = [];
  const gateway = await startGateway({
    port: await holdPort(undefined, 0),
    server: await authority.issueServerCertificate(),
    clientAuthority: authority.certificate,
    upstream: { host: '127.0.0.1', port: upstream.port },
    verifyToken: tokens.verifyToken,
    report: (event) => events.push(event),
    ...options,
  });
  const { token } = await tokens.issueToken({
    principalId: 'app',
    tenantId: 't',
    namespace: NAMESPACE,
    lifeSeconds: 3600,
  });
  const credentials = { authorization: `Bearer ${token.reveal()}`, 'temporal-namespace': NAMESPACE };
  const sessions: ClientHttp2Session[] = [];

  function connectClient(certificate: IssuedCertificate | null = client): ClientHttp2Session {
    const session = connect(`https://${gateway.address}`, {
      ca: authority.certificate,
      maxHeaderListPairs: 2000,
      ...(certificate === null ? {} : { cert: certificate.certificate, key: certificate.privateKey.reveal() }),
    });
    session.on('error', () => undefined);
    sessions.push(session);
    return session;
  }

  let shared: ClientHttp2Session | undefined;
  return {
    authority,
    tokens,
    upstream,
    gateway,
    client,
    events,
    credentials,
    connect: connectClient,
    call: (path, headers = credentials, body = frame(requestNaming(path, NAMESPACE))) => {
      if (shared === undefined || shared.closed || shared.destroyed) shared = connectClient();
      const stream = open(shared, path, headers);
      const answer = answerOf(stream);
      stream.end(body);
      return answer;
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      await gateway.close();
      await upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
