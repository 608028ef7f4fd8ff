import { describe, expect, it } from 'vitest';

import { toWorkflowOutcome } from '../../../../src/platform/temporal/outcome.ts';

const completedWith = (encoding: string, data: string): ReturnType<typeof toWorkflowOutcome> =>
  toWorkflowOutcome({
    workflowExecutionCompletedEventAttributes: {
      result: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] },
    },
  });

describe('toWorkflowOutcome', () => {
  it('has the result if it is valid JSON, and null if it is encrypted or invalid', () => {
    expect(completedWith('json/plain', '{"message":"done"}')).toEqual({
      kind: 'completed',
      result: { message: 'done' },
    });
    for (const [encoding, data] of [
      ['binary/encrypted', '{"message":"done"}'],
      ['json/plain', '{"mess'],
      ['json/plain', ''],
    ] as const)
      expect(completedWith(encoding, data)).toEqual({ kind: 'completed', result: null });
  });
});
