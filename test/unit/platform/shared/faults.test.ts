import { describe, expect, it } from 'vitest';

import { createFaultRegistry, findFaultProblem, type FaultAction } from '../../../../src/platform/shared/faults.ts';

describe('createFaultRegistry', () => {
  it('uses up the oldest matching rule, then the next one', () => {
    const faults = createFaultRegistry();
    faults.add({ operationId: 'createProcess', times: 2, action: { kind: 'drop-answer' } });
    faults.add({ operationId: '*', times: 1, action: { kind: 'delay', ms: 5 } });
    expect(faults.take('findTenants')).toEqual({ kind: 'delay', ms: 5 });
    expect(faults.take('findTenants')).toBeUndefined();
    expect([1, 2, 3].map(() => faults.take('createProcess')?.kind)).toEqual(['drop-answer', 'drop-answer', undefined]);
    expect(faults.list().map(({ left, times }) => [left, times])).toEqual([
      [0, 2],
      [0, 1],
    ]);
    faults.clear();
    expect(faults.list()).toEqual([]);
  });
});

describe('findFaultProblem', () => {
  it.each<[string, FaultAction]>([
    ['createProcess', { kind: 'drop-answer' }],
    ['downloadDocument', { kind: 'cut-answer' }],
    ['retrieveKmsKey', { kind: 'no-answer' }],
    ['*', { kind: 'delay', ms: 10 }],
    ['*', { kind: 'status', status: 429, retryAfter: 1 }],
    ['*', { kind: 'status', status: 503 }],
  ])('accepts %s %j', (operationId, action) => {
    expect(findFaultProblem({ operationId, action })).toBeUndefined();
  });

  it.each([
    ['toString', { kind: 'drop-answer' }, 'operationId'],
    ['*', { kind: 'delay' }, 'action.ms is required'],
    ['*', { kind: 'status', retryAfter: 1 }, 'action.status is required'],
    ['*', { kind: 'delay', ms: 1, status: 503 }, 'action.status is not a field of delay'],
    ['*', { kind: 'drop-answer', ms: 1 }, 'action.ms is not a field of drop-answer'],
  ])('rejects %s %j', (operationId, action, problem) => {
    expect(findFaultProblem({ operationId, action: action as FaultAction })).toContain(problem);
  });
});
