import { connect as connectTcp } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAuthority } from '../../../../src/platform/pki/authority.ts';
import {
  answerOf,
  frame,
  NAMESPACE,
  open,
  requestNaming,
  SERVICE,
  startRig,
} from '../../../unit/platform/gateway/harness.ts';
import type { Rig } from '../../../unit/platform/gateway/harness.ts';

const PATIENT = { timeout: 60_000 };

let rig: Rig;
let now = Date.now();
beforeEach(async () => {
  now = Date.now();
  rig = await startRig({ clock: { now: () => now, sleep: () => Promise.resolve() } });
});
afterEach(() => rig.close());

describe('authorization', () => {
  it('allows GetSystemInfo and health checks without a token, and nothing else', async () => {
    expect(await rig.call(`${SERVICE}GetSystemInfo`, {})).toMatchObject({ status: '0' });
    expect(await rig.call('/grpc.health.v1.Health/Check', {})).toMatchObject({ status: '0' });
    const refused = await rig.call(`${SERVICE}PollWorkflowTaskQueue`, { 'temporal-namespace': NAMESPACE });
    expect(refused).toMatchObject({ status: '16', trailersOnly: true });
    expect(refused.headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
    expect(refused.message).toContain('PollWorkflowTaskQueue needs an engine token');
    expect(rig.events).toContainEqual({
      kind: 'gateway-refused',
      rpc: 'PollWorkflowTaskQueue',
      reason: refused.message,
    });
    expect(rig.upstream.seen).toHaveLength(2);
  });

  it("checks a token's signature and form, and checks the expiry again for a cached token", async () => {
    const poll = `${SERVICE}PollActivityTaskQueue`;
    expect(await rig.call(poll, { ...rig.credentials, authorization: 'Bearer nonsense' })).toMatchObject({
      status: '16',
    });
    expect(await rig.call(poll, { ...rig.credentials, authorization: 'Basic eDp5' })).toMatchObject({ status: '16' });
    expect(await rig.call(poll)).toMatchObject({ status: '0' });
    now += 3_601_000;
    const expired = await rig.call(poll);
    expect(expired.status).toBe('16');
    expect(expired.message).toContain('the token expired at');
    expect(rig.upstream.seen).toHaveLength(1);
  });

  it('verifies each token once', async () => {
    await rig.close();
    let verified = 0;
    rig = await startRig({
      verifyToken: () => {
        verified++;
        return Promise.resolve({ claims: { namespace: NAMESPACE, acceptedUntil: Number.MAX_SAFE_INTEGER } });
      },
    });
    for (let i = 0; i < 5; i++) await rig.call(`${SERVICE}DescribeTaskQueue`);
    expect(verified).toBe(1);
    expect(rig.upstream.seen).toHaveLength(5);
  });

  it('rejects RPCs that a worker does not need and names them', async () => {
    for (const rpc of [
      'StartWorkflowExecution',
      'SignalWorkflowExecution',
      'RequestCancelWorkflowExecution',
      'TerminateWorkflowExecution',
      'ListWorkflowExecutions',
      'QueryWorkflow',
      'RegisterNamespace',
    ]) {
      const refused = await rig.call(SERVICE + rpc);
      expect(refused.status).toBe('7');
      expect(refused.message).toMatch(new RegExp(`^${rpc} is not allowed`));
    }
    expect(await rig.call('/temporal.api.operatorservice.v1.OperatorService/DeleteNamespace')).toMatchObject({
      status: '7',
    });
    expect(rig.upstream.seen).toHaveLength(0);
  });

  it('accepts only gRPC', async () => {
    expect((await rig.call(`${SERVICE}GetSystemInfo`, { 'content-type': 'application/json' })).headers[':status']).toBe(
      415,
    );
  });
});

describe('mutual TLS', () => {
  async function connectAndGetEvent(certificate: Parameters<Rig['connect']>[0]): Promise<unknown> {
    const session = rig.connect(certificate);
    const answer = await answerOf(open(session, `${SERVICE}GetSystemInfo`).end(frame('')));
    expect(answer.headers).toEqual({});
    await vi.waitFor(() => expect(rig.events.length).toBeGreaterThan(0), PATIENT);
    return rig.events[0];
  }

  it('rejects and reports a client without a certificate', async () => {
    expect(await connectAndGetEvent(null)).toMatchObject({
      reason: 'a client sent no certificate',
      hint: expect.stringContaining('ENGINE_CERTIFICATE') as string,
    });
    expect(rig.upstream.seen).toHaveLength(0);
  });

  it('rejects a certificate from another CA', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kuflow-other-'));
    const other = await openAuthority({ folder });
    expect(
      await connectAndGetEvent(
        await other.issueClientCertificate({ principalId: 'x', namespace: NAMESPACE, lifeSeconds: 60 }),
      ),
    ).toMatchObject({
      reason: "a client's certificate is not signed by the local KuFlow's CA",
    });
    await rm(folder, { recursive: true });
  });

  it('rejects an expired certificate and a server certificate', async () => {
    await rig.close();
    rig = await startRig({ authorityClock: { now: () => Date.now() - 7_200_000, sleep: () => Promise.resolve() } });
    const expired = await rig.authority.issueClientCertificate({
      principalId: 'x',
      namespace: NAMESPACE,
      lifeSeconds: 60,
    });
    expect(await connectAndGetEvent(expired)).toMatchObject({ reason: "a client's certificate has expired" });
    rig.events.length = 0;
    expect(await connectAndGetEvent(await rig.authority.issueServerCertificate())).toMatchObject({
      reason: "a client's certificate is not for client authentication",
    });
  });

  it('reports a client that does not use TLS', async () => {
    const socket = connectTcp(rig.gateway.port, '127.0.0.1', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    socket.on('error', () => undefined);
    await vi.waitFor(
      () =>
        expect(rig.events[0]).toMatchObject({
          kind: 'gateway-refused',
          reason: expect.stringMatching(/without TLS|plain HTTP/) as string,
        }),
      PATIENT,
    );
    socket.destroy();
  });

  it('ends an open connection when its certificate expires', async () => {
    rig.upstream.handle = () => undefined;
    const short = await rig.authority.issueClientCertificate({
      principalId: 'x',
      namespace: NAMESPACE,
      lifeSeconds: 1,
    });
    const session = rig.connect(short);
    const closed = new Promise((resolve) => session.once('close', resolve));
    const poll = `${SERVICE}PollWorkflowTaskQueue`;
    const stream = open(session, poll, rig.credentials).end(frame(requestNaming(poll, NAMESPACE)));
    const arrived = vi.waitFor(() => expect(rig.upstream.seen).toHaveLength(1), PATIENT);
    const answer = answerOf(stream);
    await arrived;
    // The gateway's clock is frozen; this moves it to the end of the certificate.
    now = short.notAfter;
    expect(await answer).toMatchObject({
      status: '14',
      message: 'The client certificate of this connection has expired',
    });
    await closed;
    expect(rig.events[0]).toMatchObject({ kind: 'gateway-refused', hint: expect.stringContaining('renews') as string });
  });
});
