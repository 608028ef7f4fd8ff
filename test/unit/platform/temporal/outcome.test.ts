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

describe('toWorkflowOutcome', () => {
  it('has the result if it is valid JSON, even if it was encrypted, and null if it cannot be read', async () => {
    const done = payloadOf('json/plain', '{"message":"done"}');
    for (const payload of [done, encryptPayload(done, 'known', KEY)])
      expect(await completedWith(payload)).toEqual({ kind: 'completed', result: { message: 'done' } });
    for (const payload of [
      payloadOf('binary/encrypted', '{"message":"done"}'),
      payloadOf('json/plain', '{"mess'),
      payloadOf('json/plain', ''),
      encryptPayload(done, 'lost', KEY),
      encryptPayload(done, 'known', Buffer.alloc(32, 2)),
    ])
      expect(await completedWith(payload)).toEqual({ kind: 'completed', result: null });
  });
});
