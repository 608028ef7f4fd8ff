import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, frame, NAMESPACE, open, requestNaming, SERVICE, startRig } from './harness.ts';
import type { Rig } from './harness.ts';

const POLL = `${SERVICE}PollWorkflowTaskQueue`;
const OWN = requestNaming(POLL, NAMESPACE);
const MAX = 4 * 1024 * 1024;
const [INVALID_ARGUMENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED] = ['3', '7', '8', '12'];

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** A request of `length` bytes: the namespace and an unknown field. */
function requestOf(length: number): Buffer {
  const rest = length - OWN.length - 5;
  const prefix = [0x7a, (rest & 0x7f) | 0x80, ((rest >> 7) & 0x7f) | 0x80, ((rest >> 14) & 0x7f) | 0x80, rest >> 21];
  return Buffer.concat([OWN, Buffer.from(prefix), Buffer.alloc(rest, 7)]);
}

const compressed = (message: Buffer, encoding = 'gzip', headers = rig.credentials): ReturnType<Rig['call']> =>
  rig.call(POLL, { ...headers, 'grpc-encoding': encoding }, frame(message, true));

describe('the request of a call', () => {
  it('is forwarded when it arrives in single bytes', async () => {
    const stream = open(rig.connect(), POLL, rig.credentials);
    const answer = answerOf(stream);
    for (const byte of frame(OWN)) await new Promise((resolve) => stream.write(Buffer.from([byte]), resolve));
    stream.end();
    expect(await answer).toMatchObject({ status: '0', body: frame(OWN) });
  });

  it('is inflated, so that its namespace is checked and Temporal reads the same bytes', async () => {
    expect(await compressed(gzipSync(OWN))).toMatchObject({ status: '0', body: frame(OWN) });
    expect(await compressed(gzipSync(requestNaming(POLL, 'tenant-2')))).toMatchObject({ status: PERMISSION_DENIED });
  });

  it('may have as many bytes as Temporal accepts, compressed or not', async () => {
    const largest = requestOf(MAX);
    expect(largest).toHaveLength(MAX);
    const answer = await rig.call(POLL, rig.credentials, frame(largest));
    expect(answer.status).toBe('0');
    expect(answer.body.equals(frame(largest))).toBe(true);
    expect((await compressed(gzipSync(largest))).body.equals(frame(largest))).toBe(true);
  });

  it('is refused with the words of Temporal when it is larger', async () => {
    expect(await rig.call(POLL, rig.credentials, frame(requestOf(MAX + 1)))).toMatchObject({
      status: RESOURCE_EXHAUSTED,
      message: 'grpc: received message larger than max (4194305 vs. 4194304)',
    });
    expect(await compressed(gzipSync(Buffer.alloc(10 * MAX)))).toMatchObject({
      status: RESOURCE_EXHAUSTED,
      message: 'grpc: received message after decompression larger than max 4194304',
    });
  });

  it('is refused at its prefix when it is larger, before the rest arrives', async () => {
    const stream = open(rig.connect(), POLL, rig.credentials);
    const answered = new Promise((resolve) => stream.once('response', resolve));
    stream.write(frame(requestOf(MAX + 1)).subarray(0, 5));
    expect(await answered).toMatchObject({ 'grpc-status': RESOURCE_EXHAUSTED });
    stream.destroy();
  });

  it('is refused in any other compression', async () => {
    for (const encoding of ['deflate', 'snappy']) {
      expect(await compressed(deflateSync(OWN), encoding)).toMatchObject({
        status: UNIMPLEMENTED,
        message: `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`,
      });
    }
  });

  it('is refused when it is malformed', async () => {
    const refused = async (body: Buffer, why: string): Promise<void> =>
      expect(await rig.call(POLL, rig.credentials, body)).toMatchObject({
        status: INVALID_ARGUMENT,
        message: expect.stringContaining(why) as string,
      });
    const before = rig.upstream.seen.length;
    await refused(Buffer.alloc(0), 'it contains no message');
    await refused(frame(OWN).subarray(0, 3), 'its message is truncated');
    await refused(frame(OWN).subarray(0, -1), 'its message is truncated');
    await refused(Buffer.concat([frame(OWN), frame(OWN)]), 'it contains more than one message');
    await refused(frame(OWN, true), 'there is no header grpc-encoding');
    await refused(Buffer.concat([Buffer.from([2]), frame(OWN).subarray(1)]), 'its message has compression flag 2');
    // A field that ends after the message, a number that does not end, a group, and field number 0.
    for (const bytes of [
      [0x12, 5, 1],
      [0x12],
      [0x80],
      [0x13, 0x14],
      [0x02, 0],
      Array<number>(11).fill(0x80),
      [0x11, 1],
    ])
      await refused(frame(Buffer.concat([OWN, Buffer.from(bytes)])), 'is not valid protobuf');
    expect(await compressed(OWN)).toMatchObject({
      status: INVALID_ARGUMENT,
      message: 'The request is malformed: its message is not valid gzip',
    });
    expect(rig.upstream.seen).toHaveLength(before);
    expect(rig.events.at(-1)).toEqual({
      kind: 'gateway-refused',
      rpc: 'PollWorkflowTaskQueue',
      reason: 'The request is malformed: its message is not valid gzip',
    });
  });

  it('may name the namespace in any encoding that protobuf allows', async () => {
    // The tag in two bytes, after fields of each kind; a number in field 1 is an unknown field.
    const number = [0x08, 0x05];
    const fixed = [0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4];
    const message = Buffer.concat([Buffer.from([...number, ...fixed, 0x8a, 0x00]), OWN.subarray(1)]);
    expect(await rig.call(POLL, rig.credentials, frame(message))).toMatchObject({ status: '0' });
    const foreign = Buffer.concat([Buffer.from([0x8a, 0x00]), requestNaming(POLL, 'tenant-2').subarray(1)]);
    expect(await rig.call(POLL, rig.credentials, frame(Buffer.concat([OWN, foreign])))).toMatchObject({
      status: PERMISSION_DENIED,
    });
  });
});
