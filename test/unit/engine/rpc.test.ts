import http2 from 'node:http2';
import type net from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { connectEngine, type EngineConnection } from '../../../src/engine/rpc.ts';
import { readTlsMaterial, type TlsMaterial } from '../../../src/engine/material/tls-material.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../support/certificates.ts';
import { listen, startEngineStub } from '../../support/engine-server.ts';

let authority: TestAuthority;
let server: TestPair;
let material: TlsMaterial;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  authority = await makeTestAuthority();
  server = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
  const reading = readTlsMaterial({ ...(await authority.issue({ commonName: 'worker' })), ca: authority.cert });
  if (!reading.ok) throw new Error('unusable material');
  material = reading.material;
});

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function connect(port: number): Promise<EngineConnection> {
  const connecting = await connectEngine({ target: { host: '127.0.0.1', port }, material, timeoutMs: 30_000 });
  if (!connecting.ok) throw new Error(JSON.stringify(connecting.facts));
  open.push(() => {
    connecting.connection.close();
    return Promise.resolve();
  });
  return connecting.connection;
}

/** Connects to an HTTP/2 server that handles every call with the given function. */
async function connectTo(
  onStream: (stream: http2.ServerHttp2Stream, drop: () => void) => void,
): Promise<EngineConnection> {
  const stub = http2.createSecureServer({ ...server, ca: authority.cert, requestCert: true });
  let raw: net.Socket | undefined;
  stub.on('connection', (socket: net.Socket) => {
    raw = socket;
  });
  stub.on('sessionError', () => undefined);
  stub.on('stream', (stream) => {
    stream.on('error', () => undefined);
    onStream(stream, () => raw?.resetAndDestroy());
  });
  const started = await listen(stub);
  open.push(() => started.close());
  return await connect(started.port);
}

const grpc = { ':status': 200, 'content-type': 'application/grpc' } as const;
const timeoutMs = 30_000;

describe('an engine connection', () => {
  it('reads both answers over one connection, even in parallel', async () => {
    const stub = await startEngineStub({ server, clientCa: authority.cert });
    open.push(() => stub.close());
    const connection = await connect(stub.port);
    const token = new Secret('token');
    const [info, namespace] = await Promise.all([
      connection.getSystemInfo({ timeoutMs, token }),
      connection.describeNamespace('tenant-1', { timeoutMs, token }),
    ]);
    expect(info).toMatchObject({ ok: true, value: { serverVersion: '1.32.0' } });
    expect(namespace).toMatchObject({ ok: true, value: { name: 'tenant-1', state: 'registered' } });
  });

  it('makes thousands of calls in a row over one connection', async () => {
    const stub = await startEngineStub({ server, clientCa: authority.cert });
    open.push(() => stub.close());
    const connection = await connect(stub.port);
    // Servers end a connection after about a thousand resets in a row.
    for (let calls = 0; calls < 3000; calls += 6) {
      const results = await Promise.all(Array.from({ length: 6 }, () => connection.getSystemInfo({ timeoutMs })));
      expect(results.find(({ ok }) => !ok)).toBeUndefined();
    }
  });

  it('redacts a token that the engine returns in its message', async () => {
    const token = 'canary.token.of-a-call';
    const status = { GetSystemInfo: { code: 16, message: `bad header: Bearer ${token}` } };
    const stub = await startEngineStub({ server, clientCa: authority.cert, status });
    open.push(() => stub.close());
    const connection = await connect(stub.port);
    const answer = await connection.getSystemInfo({ timeoutMs, token: new Secret(token) });
    expect(answer).toMatchObject({ ok: false, message: 'bad header: Bearer [redacted]' });
  });

  it("returns the engine's status and message unchanged", async () => {
    const status = { GetSystemInfo: { code: 16, message: 'abgelaufen: 100 % für heute' } };
    const stub = await startEngineStub({ server, clientCa: authority.cert, status });
    open.push(() => stub.close());
    const connection = await connect(stub.port);
    expect(await connection.getSystemInfo({ timeoutMs })).toEqual({
      ok: false,
      kind: 'status',
      status: 16,
      name: 'UNAUTHENTICATED',
      message: 'abgelaufen: 100 % für heute',
    });
  });

  it.each<[string, (stream: http2.ServerHttp2Stream, drop: () => void) => void, string]>([
    ['ends without a status', (stream) => (stream.respond(grpc), void stream.end()), 'ERR_NO_GRPC_STATUS'],
    ['resets the call', (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 'ERR_HTTP2_STREAM_ERROR'],
    ['drops the connection', (_stream, drop) => drop(), 'ECONNRESET'],
    ['never answers', () => undefined, 'ETIMEDOUT'],
    [
      'sends an oversized answer',
      (stream) => (stream.respond(grpc), void stream.write(Buffer.alloc(5_000_000))),
      'ERR_TOO_LARGE',
    ],
  ])('fails a call if the server %s', async (_what, onStream, code) => {
    const connection = await connectTo(onStream);
    const result = await connection.getSystemInfo({ timeoutMs: code === 'ETIMEDOUT' ? 100 : timeoutMs });
    expect(result).toMatchObject({ ok: false, kind: 'transport', code, timedOut: code === 'ETIMEDOUT' });
  });

  it('reads a malformed answer as an empty one', async () => {
    const connection = await connectTo((stream) => {
      stream.respond(grpc, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([1, 0, 0, 0, 200, 255, 255, 255]));
    });
    expect(await connection.getSystemInfo({ timeoutMs })).toMatchObject({
      ok: true,
      value: { serverVersion: 'unknown' },
    });
  });

  it('stops when its signal aborts, and fails at once after it was closed', async () => {
    const stop = new AbortController();
    const connection = await connectTo(() => stop.abort());
    const result = await connection.getSystemInfo({ timeoutMs, signal: stop.signal });
    expect(result).toMatchObject({ kind: 'transport', code: 'ABORT_ERR', timedOut: false });
    connection.close();
    connection.close();
    expect(await connection.getSystemInfo({ timeoutMs })).toMatchObject({ kind: 'transport', code: 'ECONNRESET' });
  });
});
