import { describe, expect, it } from 'vitest';
import { nearMatch } from '../../../src/base/near-match.ts';

describe('nearMatch', () => {
  it.each([
    ['humn', ['human', 'system'], 'human'],
    ['taskQueue', ['type', 'task-queue'], 'task-queue'],
    ['mesage', ['message', 'thread'], 'message'],
    ['sytsem', ['human', 'system'], 'system'],
    ['x', ['human', 'system'], undefined],
    ['', ['human'], undefined],
    ['banana', ['human', 'system'], undefined],
  ])('finds the match of %j in %j: %j', (text, candidates, expected) => {
    expect(nearMatch(text, candidates)).toBe(expected);
  });
});
