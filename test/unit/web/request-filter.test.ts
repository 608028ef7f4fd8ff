import { expect, it } from 'vitest';
import type { RequestRecord } from '../../../src/platform/shared/dev-contract.ts';
import { matchesRequest } from '../../../src/web/request-filter.ts';

const request = (part: Partial<RequestRecord>): RequestRecord => ({
  id: 1,
  time: '2026-01-01T00:00:00Z',
  method: 'GET',
  path: '/processes',
  operationId: 'findProcesses',
  status: 200,
  ms: 1,
  principal: 'Worker',
  violations: [],
  console: false,
  ...part,
});

it.each([
  ['everything without a filter', {}, {}, true],
  ['not the requests of the console', { console: true }, {}, false],
  ['the requests of the console on request', { console: true }, { own: true }, true],
  ['all words of the text in any order and case', {}, { text: 'WORKER  get' }, true],
  ['not if one word is missing', {}, { text: 'worker post' }, false],
  ['problems', { problem: 'No such process' }, { text: 'such' }, true],
  ['one operation', {}, { operation: 'createProcess' }, false],
  ['succeeded requests', { status: 404 }, { status: 'ok' }, false],
  ['failed requests', { status: 404 }, { status: 'failed' }, true],
  ['requests without an answer as failed', { status: 0 }, { status: 'failed' }, true],
  ['only violations', {}, { status: 'violations' }, false],
  ['violations', { violations: [{ side: 'answer', problem: 'x' }] as const }, { status: 'violations' }, true],
])('shows %s', (_what, part, filter, expected) => {
  expect(matchesRequest(request(part), filter)).toBe(expected);
});
