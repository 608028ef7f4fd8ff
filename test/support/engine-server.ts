import http2 from 'node:http2';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { TestPair } from './certificates.ts';

/** A server on a free port of this machine; `close` ends every connection. */
export interface TestServer {
  readonly port: number;
  readonly address: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 and counts the sockets, so that closing leaves nothing behind. */
export async function listen(server: net.Server): Promise<TestServer> {
  const sockets = new Set<net.Socket>();
  const track = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('connection', track);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export interface EngineStubOptions {
  readonly server: TestPair;
  /** CA that client certificates must come from. */
  readonly clientCa: string;
  /** gRPC status by method name; 0 by default. */
  readonly status?: Readonly<Record<string, { readonly code: number; readonly message?: string }>>;
  /** Answer by method name, at most 255 bytes, or a function of the request; a healthy answer by default. */
  readonly answers?: Readonly<Record<string, Buffer | ((request: Buffer) => Buffer)>>;
  /** Denies calls that name another namespace, as KuFlow does. */
  readonly namespace?: string;
  /** Rejects calls with another token. */
  readonly token?: string;
  readonly onCall?: (method: string, headers: http2.IncomingHttpHeaders) => void;
  readonly tls?: tls.TlsOptions;
}

const grpcFrame = (message: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
const field = (number: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);

const MESSAGES: Readonly<Record<string, Buffer>> = {
  GetSystemInfo: field(1, Buffer.from('1.32.0')),
  DescribeNamespace: field(1, Buffer.concat([field(1, Buffer.from('tenant-1')), Buffer.from([16, 1])])),
};

/** An engine like Temporal's: mutual TLS, HTTP/2 and the two calls. */
export async function startEngineStub(options: EngineStubOptions): Promise<TestServer> {
  const server = http2.createSecureServer({
    ...options.server,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    ...options.tls,
  });
  server.on('tlsClientError', () => undefined);
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = (headers[':path'] ?? '').split('/').pop() ?? '';
    options.onCall?.(method, headers);
    const named = headers['temporal-namespace'];
    const isForeign = options.namespace !== undefined && named !== undefined && named !== options.namespace;
    const denied = { code: 7, message: `The header names another namespace, ${String(named)}` };
    const isUnknown = options.token !== undefined && headers.authorization !== `Bearer ${options.token}`;
    const { code, message = '' } = isUnknown
      ? { code: 16, message: 'The token is not valid' }
      : isForeign
        ? denied
        : (options.status?.[method] ?? { code: 0 });
    if (code !== 0) {
      const trailers = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    const answer = options.answers?.[method] ?? MESSAGES[method] ?? Buffer.alloc(0);
    if (typeof answer !== 'function') {
      stream.end(grpcFrame(answer));
      return;
    }
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => stream.end(grpcFrame(answer(Buffer.concat(chunks).subarray(5)))));
  });
  return await listen(server);
}

/** A TLS server that handles each connection as given. */
export async function startTlsServer(
  options: tls.TlsOptions,
  onConnection: (socket: tls.TLSSocket) => void,
): Promise<TestServer> {
  const server = tls.createServer(options, (socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.on('tlsClientError', () => undefined);
  return await listen(server);
}

/** A plain TCP server that handles each connection as given. */
export async function startTcpServer(onConnection: (socket: net.Socket) => void): Promise<TestServer> {
  return await listen(net.createServer(onConnection));
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function unusedPort(): Promise<number> {
  const server = await startTcpServer(() => undefined);
  await server.close();
  return server.port;
}
