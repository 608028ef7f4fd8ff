import { describe, expect, it } from 'vitest';

import { toWorkflowOutcome } from '../../../../src/platform/temporal/outcome.ts';

const completedWith = (encoding: string, data: string): ReturnType<typeof toWorkflowOutcome> =>
  toWorkflowOutcome({
    workflowExecutionCompletedEventAttributes: {
      result: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] },
    },
  });

describe('the outcome of a workflow', () => {
  it('has the result when it is JSON, and none when it is encrypted or what it says it is not', () => {
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
