import type { ServerHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  echo,
  frame,
  NAMESPACE,
  open,
  requestNaming,
  SERVICE,
  startRig,
  startUpstream,
} from '../../../unit/platform/gateway/harness.ts';
import type { Rig } from '../../../unit/platform/gateway/harness.ts';

const PATIENT = { timeout: 60_000 };

const POLL = `${SERVICE}PollWorkflowTaskQueue`;
const REQUEST = frame(requestNaming(POLL, NAMESPACE));
let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

describe('proxying a call', () => {
  it('forwards body, headers and trailers, joins repeated metadata, and keeps the token', async () => {
    const answer = await rig.call(POLL, {
      ...rig.credentials,
      'x-many': ['a', 'b'],
      'x-data-bin': 'AQI=',
      'grpc-encoding': 'gzip',
      'grpc-timeout': '70000000u',
    });
    expect(answer).toMatchObject({ status: '0', trailersOnly: false, body: REQUEST });
    expect(answer.trailers['x-last']).toBe('yes');
    expect(rig.upstream.seen[0]).toMatchObject({
      ':path': POLL,
      ':scheme': 'http',
      te: 'trailers',
      'x-many': 'a, b',
      'x-data-bin': 'AQI=',
      'grpc-encoding': 'gzip',
      'grpc-timeout': '70000000u',
      'temporal-namespace': NAMESPACE,
    });
    expect(rig.upstream.seen[0]).not.toHaveProperty('authorization');
  });

  it('forwards more metadata than Node accepts by default', async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`x-${i}`, String(i)]));
    expect(await rig.call(POLL, { ...rig.credentials, ...many })).toMatchObject({ status: '0' });
    expect(rig.upstream.seen[0]).toHaveProperty('x-399', '399');
  });

  it('forwards a trailers-only answer as one', async () => {
    rig.upstream.handle = (stream) =>
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'no' },
        { endStream: true },
      );
    expect(await rig.call(POLL)).toMatchObject({ trailersOnly: true, status: '5', message: 'no' });
  });

  it('adds UNAVAILABLE to an answer without a status', async () => {
    rig.upstream.handle = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.end('x');
    };
    expect(await rig.call(POLL)).toMatchObject({ status: '14', trailersOnly: false });
  });

  it('proxies 300 calls in parallel over one connection', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => rig.call(POLL)));
    expect(answers.every((answer) => answer.status === '0')).toBe(true);
    expect(rig.upstream.sessions.size).toBe(1);
  });
});

describe('failures', () => {
  it('cancels the poll at the server when the client cancels or its connection dies', async () => {
    const closed: number[] = [];
    rig.upstream.handle = (stream) => stream.on('close', () => closed.push(stream.rstCode));
    const session = rig.connect();
    const stream = open(session, POLL, rig.credentials).end(REQUEST);
    stream.on('error', () => undefined);
    await vi.waitFor(() => expect(rig.upstream.seen).toHaveLength(1), PATIENT);
    stream.close(8);
    await vi.waitFor(() => expect(closed).toEqual([8]), PATIENT);

    const second = open(session, POLL, rig.credentials).end(REQUEST);
    second.on('error', () => undefined);
    await vi.waitFor(() => expect(rig.upstream.seen).toHaveLength(2), PATIENT);
    session.socket.unref();
    session.destroy();
    await vi.waitFor(() => expect(closed).toEqual([8, 8]), PATIENT);
  });

  it('answers UNAVAILABLE when the server resets before its headers, and resets the client after them', async () => {
    rig.upstream.handle = (stream) => stream.close(2);
    expect(await rig.call(POLL)).toMatchObject({ status: '14', trailersOnly: true });
    expect(rig.events.at(-1)).toMatchObject({ kind: 'gateway-refused', rpc: 'PollWorkflowTaskQueue' });
    rig.upstream.handle = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.write('x', () => stream.close(11));
    };
    expect(await rig.call(POLL)).toMatchObject({ rst: 11, status: undefined });
  });

  it('retries a refused stream once with its body, and not twice', async () => {
    let refusals = 1;
    rig.upstream.handle = (stream) => {
      if (refusals-- > 0) stream.close(7);
      else echo(stream);
    };
    expect(await rig.call(POLL)).toMatchObject({ status: '0', body: REQUEST });
    expect(rig.upstream.seen).toHaveLength(2);
    refusals = 9;
    expect(await rig.call(POLL)).toMatchObject({ status: '14' });
    expect(rig.upstream.seen).toHaveLength(4);
  });

  it('retries over a new connection even before a GOAWAY arrives', async () => {
    await rig.call(POLL);
    const first = [...rig.upstream.sessions][0];
    rig.upstream.handle = (stream) => {
      if (stream.session === first) stream.close(7);
      else echo(stream);
    };
    expect(await rig.call(POLL)).toMatchObject({ status: '0', body: REQUEST });
  });

  it('neither loses nor repeats calls while the server rotates its connections', async () => {
    const handled = new Map<string, number>();
    rig.upstream.handle = (stream, headers) => {
      const id = String(headers['x-id']);
      handled.set(id, (handled.get(id) ?? 0) + 1);
      // GOAWAY while 50 callers continue: some of their requests may cross it on the way.
      if (handled.size % 100 === 0) for (const session of rig.upstream.sessions) session.close();
      setImmediate(() => {
        if (!stream.destroyed) echo(stream);
      });
    };
    const failed: string[] = [];
    let next = 0;
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        while (next < 2000) {
          const id = String(next++);
          const answer = await rig.call(POLL, { ...rig.credentials, 'x-id': id, 'grpc-timeout': '1S' });
          if (answer.status !== '0') failed.push(`${id}: ${answer.status} ${answer.message}`);
        }
      }),
    );
    expect(failed).toEqual([]);
    expect([...handled.values()].filter((times) => times > 1)).toEqual([]);
    expect(handled.size).toBe(2000);
  });

  it('keeps an open poll on its connection after GOAWAY while new calls use another one', async () => {
    let poll: ServerHttp2Stream | undefined;
    rig.upstream.handle = (stream) => {
      poll = stream;
    };
    const waiting = rig.call(POLL);
    await vi.waitFor(() => expect(poll).toBeDefined(), PATIENT);
    const old = [...rig.upstream.sessions][0];
    old?.goaway(0);
    rig.upstream.handle = echo;
    await vi.waitFor(async () => {
      expect(await rig.call(POLL)).toMatchObject({ status: '0' });
      expect(rig.upstream.sessions.size).toBe(2);
    }, PATIENT);
    if (poll !== undefined) echo(poll);
    expect(await waiting).toMatchObject({ status: '0' });
  });

  it('answers UNAVAILABLE while the server is down, and reconnects when it is back', async () => {
    await rig.call(POLL);
    await rig.upstream.close();
    expect(await rig.call(POLL)).toMatchObject({
      status: '14',
      message: expect.stringContaining('Temporal is not reachable') as string,
    });
    const again = await startUpstream(rig.upstream.port);
    expect(await rig.call(POLL)).toMatchObject({ status: '0' });
    await again.close();
  });

  it("gives up on a silent server shortly after the call's deadline", async () => {
    await rig.close();
    rig = await startRig({ limits: { watchdogGrace: 50 } });
    let code: number | undefined;
    rig.upstream.handle = (stream) => stream.on('close', () => (code = stream.rstCode));
    expect(await rig.call(POLL, { ...rig.credentials, 'grpc-timeout': '900m' })).toMatchObject({
      status: '14',
      message: 'Temporal did not answer within 1 s',
    });
    await vi.waitFor(() => expect(code).toBe(8), PATIENT);
  });
});

describe('closing', () => {
  it('answers open polls, closes all connections and frees the port', async () => {
    rig.upstream.handle = () => undefined;
    const waiting = rig.call(POLL);
    await vi.waitFor(() => expect(rig.upstream.seen).toHaveLength(1), PATIENT);
    const { connect } = await import('node:net');
    const silent = connect(rig.gateway.port, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const closing = rig.gateway.close();
    expect(await waiting).toMatchObject({ status: '14', message: 'The local KuFlow is shutting down' });
    await closing;
    silent.destroy();
    const port = rig.gateway.port;
    const again = await startUpstream(port);
    expect(again.port).toBe(port);
    await again.close();
  });
});

describe('onWorkflowEnded', () => {
  const respond = `${SERVICE}RespondWorkflowTaskCompleted`;
  const bytes = (field: number, value: Buffer): Buffer =>
    Buffer.concat([Buffer.from([field * 8 + 2, value.length]), value]);
  const task = (command: number): Buffer =>
    Buffer.concat([
      requestNaming(respond, NAMESPACE),
      bytes(1, Buffer.concat([bytes(1, Buffer.from('namespace-id')), bytes(2, Buffer.from('process-1'))])),
      bytes(2, Buffer.from([8, 1])),
      bytes(2, Buffer.from([8, command])),
    ]);

  it('gets the workflow that ended, for accepted answers only', async () => {
    await rig.close();
    const heard: unknown[] = [];
    rig = await startRig({ onWorkflowEnded: (workflowId) => heard.push(workflowId) });
    await rig.call(respond, rig.credentials, frame(task(3)));
    await rig.call(respond, { ...rig.credentials, 'grpc-encoding': 'gzip' }, frame(gzipSync(task(4)), true));
    await rig.call(respond);
    await rig.call(`${SERVICE}RespondActivityTaskCompleted`);
    rig.upstream.handle = (stream) => stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
    await rig.call(respond, rig.credentials, frame(task(4)));
    expect(heard).toEqual(['process-1']);
  });
});
