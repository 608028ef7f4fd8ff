import { describe, expect, it } from 'vitest';

import type { Payload } from '@temporalio/common';

import { encryptPayload } from '../../../../src/platform/temporal/encryption.ts';
import { toWorkflowOutcome } from '../../../../src/platform/temporal/outcome.ts';

const KEY = Buffer.alloc(32, 1);
const payloadOf = (encoding: string, data: string): Payload => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});
const completedWith = (payload: Payload): ReturnType<typeof toWorkflowOutcome> =>
  toWorkflowOutcome({ workflowExecutionCompletedEventAttributes: { result: { payloads: [payload] } } }, (id) => {
    if (id !== 'known') throw new Error('There is no such key');
    return KEY;
  });

const done = payloadOf('json/plain', '{"message":"done"}');

describe('toWorkflowOutcome', () => {
  it('has the result if it is JSON, even if it was encrypted, and null if it has another encoding', async () => {
    for (const payload of [done, encryptPayload(done, 'known', KEY)])
      expect(await completedWith(payload)).toEqual({ kind: 'completed', result: { message: 'done' } });
    for (const payload of [payloadOf('binary/null', ''), payloadOf('binary/encrypted', '{"message":"done"}')])
      expect(await completedWith(payload)).toEqual({ kind: 'completed', result: null });
  });

  it.each([
    ['is encrypted with another key', encryptPayload(done, 'known', Buffer.alloc(32, 2)), 'A payload does not match'],
    ['is encrypted with a lost key', encryptPayload(done, 'lost', KEY), 'There is no such key'],
    ['is not valid JSON', payloadOf('json/plain', '{"secret'), 'It is not valid JSON'],
    ['is empty', payloadOf('json/plain', ''), 'It is not valid JSON'],
  ])('says why it cannot read a result that %s', async (_name, payload, reason) => {
    const outcome = await completedWith(payload);
    const message = expect.stringContaining(`The result of the workflow could not be read. ${reason}`) as string;
    expect(outcome).toEqual({ kind: 'completed', result: null, message });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});
