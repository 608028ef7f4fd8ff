import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthorizer, type CheckMessage } from '../../../../src/platform/gateway/authorizer.ts';
import { NAMESPACE_FIELDS } from '../../../../src/platform/gateway/namespace-fields.ts';
import { namespaceField, needsNamespace, rpcName, WORKER_RPCS } from '../../../../src/platform/gateway/worker-rpcs.ts';
import {
  decodeNamespace,
  frame,
  NAMESPACE,
  requestNaming,
  SERVICE,
  startRig,
  type Answer,
  type Rig,
} from './harness.ts';

const OTHER = 'tenant-2';
const PERMISSION_DENIED = '7';
const withNamespace = [...WORKER_RPCS].filter(needsNamespace).map((path) => ({ path, rpc: rpcName(path) }));

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** Calls with a valid token. Without `header`, the header temporal-namespace is not sent. */
function call(path: string, header: string | undefined, message: Buffer): Promise<Answer> {
  const { authorization } = rig.credentials;
  return rig.call(
    path,
    { authorization, ...(header === undefined ? {} : { 'temporal-namespace': header }) },
    frame(message),
  );
}

describe('the table of namespace fields', () => {
  it('has an entry for each RPC of a worker whose request has a namespace', () => {
    const missing = [...WORKER_RPCS].filter((path) => needsNamespace(path) !== (namespaceField(path) !== undefined));
    expect(missing).toEqual([]);
    const without = [...WORKER_RPCS].filter((path) => !needsNamespace(path)).map(rpcName);
    expect(without.sort()).toEqual([
      '/grpc.health.v1.Health/Check',
      '/grpc.health.v1.Health/Watch',
      'GetClusterInfo',
      'GetSystemInfo',
    ]);
  });

  it('has the numbers of the published protocol', () => {
    expect(NAMESPACE_FIELDS).toMatchObject({
      PollWorkflowTaskQueue: 1,
      RespondActivityTaskCompleted: 4,
      RespondQueryTaskCompleted: 6,
      RespondWorkflowTaskCompleted: 9,
    });
  });
});

describe.each(withNamespace)('the namespace of $rpc', ({ path, rpc }) => {
  const own = requestNaming(path, NAMESPACE);
  const foreign = requestNaming(path, OTHER);
  const nobody = Buffer.alloc(0);

  it('is read from the message, with and without the header', async () => {
    expect(await call(path, undefined, own)).toMatchObject({ status: '0', body: frame(own) });
    expect(await call(path, NAMESPACE, own)).toMatchObject({ status: '0' });
    expect(await call(path, undefined, Buffer.concat([own, own]))).toMatchObject({ status: '0' });
  });

  it('must be that of the token in header and message', async () => {
    const before = rig.upstream.seen.length;
    expect(await call(path, OTHER, own)).toMatchObject({
      status: PERMISSION_DENIED,
      message: 'The header names namespace tenant-2, but the token is for tenant-1',
    });
    const inMessage = {
      status: PERMISSION_DENIED,
      message: 'The message names namespace tenant-2, but the token is for tenant-1',
    };
    for (const header of [NAMESPACE, undefined]) {
      expect(await call(path, header, foreign)).toMatchObject(inMessage);
      // Temporal uses the last one.
      expect(await call(path, header, Buffer.concat([own, foreign]))).toMatchObject(inMessage);
      expect(await call(path, header, Buffer.concat([foreign, own]))).toMatchObject(inMessage);
    }
    expect(rig.upstream.seen).toHaveLength(before);
  });

  it('must be in the message', async () => {
    const before = rig.upstream.seen.length;
    const empty = Buffer.from([...own.subarray(0, own.length - NAMESPACE.length - 1), 0]);
    for (const header of [NAMESPACE, undefined]) {
      for (const message of [nobody, empty, Buffer.concat([own, empty])]) {
        expect(await call(path, header, message)).toMatchObject({
          status: PERMISSION_DENIED,
          message: `The message of ${rpc} does not name a namespace`,
        });
      }
    }
    expect(rig.upstream.seen).toHaveLength(before);
  });
});

describe('calls without a namespace', () => {
  it('pass, but not with the namespace of another token in the header', async () => {
    const path = `${SERVICE}GetClusterInfo`;
    expect(await call(path, undefined, Buffer.alloc(0))).toMatchObject({ status: '0' });
    expect(await call(path, NAMESPACE, Buffer.alloc(0))).toMatchObject({ status: '0' });
    expect(await call(path, OTHER, Buffer.alloc(0))).toMatchObject({ status: PERMISSION_DENIED });
  });
});

describe('any message that is allowed', () => {
  it("is decoded by Temporal's own library to the namespace of the token", async () => {
    const claims = { namespace: NAMESPACE, acceptedUntil: Infinity };
    const clock = { now: () => 0, sleep: () => Promise.resolve() };
    const authorize = createAuthorizer(() => Promise.resolve({ claims }), clock);
    for (const rpc of ['PollWorkflowTaskQueue', 'RespondQueryTaskCompleted', 'RespondWorkflowTaskCompleted']) {
      const path = SERVICE + rpc;
      const { checkMessage } = (await authorize({ ':path': path, authorization: 'Bearer token' })) as {
        checkMessage: CheckMessage;
      };
      const named = fc
        .oneof(fc.constantFrom(NAMESPACE, OTHER, ''), fc.string())
        .map((name) => requestNaming(path, name));
      const bytes = fc.uint8Array({ maxLength: 4 }).map((some) => Buffer.from(some));
      let allowed = 0;
      fc.assert(
        fc.property(fc.array(fc.oneof(named, named, bytes), { maxLength: 4 }), (pieces) => {
          const message = Buffer.concat(pieces);
          if (checkMessage(message) !== undefined) return;
          const decoded = decodeNamespace(path, message);
          // The library rejects some messages that the gateway leaves to the server, such as one with a number for a text.
          if (decoded === undefined) return;
          allowed += 1;
          expect(decoded).toBe(NAMESPACE);
        }),
        { numRuns: 2000 },
      );
      expect(allowed).toBeGreaterThan(50);
    }
  });
});
