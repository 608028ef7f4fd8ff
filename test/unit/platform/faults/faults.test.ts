import { describe, expect, it } from 'vitest';

import { createFaultRegistry } from '../../../../src/platform/faults/registry.ts';
import { parseFaultRule } from '../../../../src/platform/faults/rule.ts';

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

describe('parseFaultRule', () => {
  it.each([
    [
      { operationId: 'createProcess', action: { kind: 'drop-answer' } },
      { operationId: 'createProcess', times: 1, action: { kind: 'drop-answer' } },
    ],
    [
      { operationId: 'downloadDocument', action: { kind: 'cut-answer' } },
      { operationId: 'downloadDocument', times: 1, action: { kind: 'cut-answer' } },
    ],
    [
      { operationId: 'retrieveKmsKey', action: { kind: 'no-answer' } },
      { operationId: 'retrieveKmsKey', times: 1, action: { kind: 'no-answer' } },
    ],
    [
      { operationId: '*', times: 3, action: { kind: 'delay', ms: 10 } },
      { operationId: '*', times: 3, action: { kind: 'delay', ms: 10 } },
    ],
    [
      { operationId: '*', action: { kind: 'status', status: 429, retryAfter: 1 } },
      { operationId: '*', times: 1, action: { kind: 'status', status: 429, retryAfter: 1 } },
    ],
  ])('parses %j', (value, rule) => {
    expect(parseFaultRule(value)).toEqual({ ok: true, rule });
  });

  it.each([
    [undefined, 'object'],
    [{ operationId: 'toString', action: { kind: 'drop-answer' } }, 'operationId'],
    [{ operationId: '*', times: 0, action: { kind: 'drop-answer' } }, 'times'],
    [{ operationId: '*' }, 'action'],
    [{ operationId: '*', action: { kind: 'explode' } }, 'action.kind'],
    [{ operationId: '*', action: { kind: 'delay', ms: '1' } }, 'action.ms'],
    [{ operationId: '*', action: { kind: 'status', status: 200 } }, 'action.status'],
    [{ operationId: '*', action: { kind: 'delay', ms: 1, status: 503 } }, 'action.status is not a field of delay'],
    [{ operationId: '*', action: { kind: 'status', status: 503, retryAfter: -1 } }, 'action.retryAfter'],
  ])('rejects %j', (value, problem) => {
    expect(parseFaultRule(value)).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
  });
});
