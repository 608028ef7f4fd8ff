import { describe, expect, it } from 'vitest';
import type { DevEvent } from '../../../../src/platform/session/start-dev-platform.ts';
import { platformReporter, formatTimeline } from '../../../../src/platform/session/event-view.ts';
import { printSimulation, simulationView, type SimulateResult } from '../../../../src/commands/dev/simulate/view.ts';
import { openProgress } from '../../../../src/terminal/progress.ts';
import { marksFor, type Channel } from '../../../../src/terminal/terminal.ts';

function channel(colour: boolean): { readonly channel: Channel; readonly text: () => string } {
  let text = '';
  return {
    channel: {
      isTTY: false,
      columns: 80,
      color: colour,
      live: false,
      marks: marksFor('linux', {}),
      backlog: 0,
      write: (more) => (text += more),
      line: (more = '') => (text += `${more}\n`),
      json: () => undefined,
    },
    text: () => text,
  };
}

function shown(events: readonly DevEvent[], options: { requests?: boolean; processes?: boolean } = {}): string[] {
  // In color, to detect escape sequences that are escaped by mistake.
  const { channel: err, text } = channel(true);
  const view = platformReporter({ progress: openProgress(err), requests: false, ...options });
  for (const event of events) view(event);
  expect(text()).not.toContain('\\u{1b}');
  return text()
    .replace(/\x1b\[\d+m/g, '')
    .trimEnd()
    .split('\n');
}

const PROCESS = '01a2104f-a8b6-7f8b-8f1b-b9d2f7088ad1';
const request = (status: number, path = '/v2024-06-14/tenants', problem?: string): DevEvent => ({
  kind: 'request',
  method: 'GET',
  path,
  operationId: 'findTenants',
  status,
  ms: 3,
  ...(problem === undefined ? {} : { problem }),
});

describe('platform events', () => {
  it('say when a webhook does not accept an event, and when it does at last', () => {
    const event = (state: 'PENDING' | 'DELIVERED' | 'FAILED', attempts: number, more: object = {}): DevEvent => ({
      ...{ kind: 'webhook', deliveryId: 'e', processId: '0199-abcdef', type: 'PROCESS.CREATED', state, attempts },
      ...more,
    });
    const refused = event('PENDING', 1, { problem: 'connect ECONNREFUSED' });
    const failed = event('FAILED', 9, { status: 500 });
    expect(shown([refused, event('PENDING', 2), event('DELIVERED', 3), event('DELIVERED', 1), failed])).toEqual([
      '! The webhook did not accept PROCESS.CREATED (…abcdef), trying again: connect ECONNREFUSED',
      '· The webhook has accepted PROCESS.CREATED (…abcdef)',
      '✖ The webhook did not accept PROCESS.CREATED (…abcdef) in time: 500',
    ]);
    expect(shown([event('DELIVERED', 1)], { requests: true })).toHaveLength(1);
  });

  it('show the start as one step', () => {
    const parts = ['store', 'temporal', 'gateway', 'rest'] as const;
    const events = parts.flatMap((part): DevEvent[] => [
      { kind: 'starting', part },
      { kind: 'ready', part, ...(part === 'rest' ? { address: 'https://127.0.0.1:7443' } : {}) },
    ]);
    expect(shown(events)).toEqual(['· Starting a local KuFlow…', '✔ Started the local KuFlow']);
  });

  it('show process events as lines, and failures as warnings', () => {
    const about = { kind: 'process', processId: PROCESS } as const;
    expect(
      shown([
        { ...about, what: 'process-started', code: 'LOAN' },
        { ...about, what: 'item-created', code: 'APPLY', processItemId: PROCESS, detail: 'TASK' },
        { ...about, what: 'workflow-failed', detail: 'Out of\x07 paper' },
      ]),
    ).toEqual([
      `· LOAN process started (${PROCESS})`,
      '· APPLY created: TASK (…088ad1)',
      '! workflow failed: Out of\\u{7} paper (…088ad1)',
    ]);
    expect(shown([{ ...about, what: 'process-started', code: 'LOAN' }], { processes: false })).toEqual(['']);
  });

  it('show failed requests, and all requests on demand', () => {
    expect(shown([request(200), request(401, undefined, 'no'), request(0), request(503, '/health')])).toEqual([
      '! GET /v2024-06-14/tenants 401 findTenants: no',
      '! GET /v2024-06-14/tenants no answer findTenants',
    ]);
    expect(shown([request(200)], { requests: true })).toEqual(['· GET /v2024-06-14/tenants 200 findTenants']);
  });

  it('show moved ports, refusals and contract violations', () => {
    expect(
      shown([
        { kind: 'port-moved', part: 'http', wanted: 7480, got: 7481, holder: 'node x (pid 7)' },
        { kind: 'gateway-refused', rpc: 'StartWorkflowExecution', reason: 'not for a worker', hint: 'use the API' },
        { kind: 'contract-violation', side: 'answer', operationId: 'findTenants', problem: 'no id' },
      ]),
    ).toEqual([
      '! Port 7480 is in use by node x (pid 7); using 7481 for HTTP',
      '! The engine gateway refused StartWorkflowExecution: not for a worker (use the API)',
      "✖ The answer of findTenants violates KuFlow's API contract: no id",
    ]);
  });
});

describe('a simulation', () => {
  const timeline = [
    { time: '2026-01-01T10:00:00.000Z', kind: 'process-started', principal: 'Local user' },
    { time: '2026-01-01T10:00:00.500Z', kind: 'item-created', processItemId: PROCESS, code: 'APPLY', principal: 'App' },
    { time: '2026-01-01T10:01:02.345Z', kind: 'workflow-failed', detail: 'Out of\npaper' },
  ];

  it('prints one line per timeline entry, with seconds since the start', () => {
    expect(formatTimeline(timeline)).toEqual([
      '   0.00 s  process started by Local user',
      '   0.50 s  APPLY created by App',
      '  62.34 s  workflow failed: Out of\\u{a}paper',
    ]);
  });

  it('ends with the outcome and next steps', () => {
    const result: SimulateResult = {
      status: 1,
      code: 'LOAN',
      processId: PROCESS,
      problem: 'Stuck',
      next: ['This', 'That'],
      timeline,
    };
    const { channel: out, text } = channel(false);
    printSimulation(out, result);
    expect(text().split('\n').slice(-4)).toEqual(['✖ Stuck', '  → This', '  → That', '']);
    const good = channel(false);
    printSimulation(good.channel, { status: 0, code: 'LOAN', timeline: [] });
    expect(good.text()).toBe('✔ LOAN is COMPLETED with valid data\n');
  });

  it('ends exactly the steps that it began', () => {
    const { channel: err, text } = channel(false);
    const view = simulationView(openProgress(err), { sharesTerminal: false });
    view.attached({ pid: 5, endpoints: { http: 'http://a', https: 'https://a', engine: 'a:1', temporal: 'a:2' } });
    view.commandStarted('Q');
    view.commandPolls('Q');
    view.ended(1);
    view.stopping('worker');
    view.stopped('worker');
    expect(text().trimEnd().split('\n')).toEqual([
      'Using the local KuFlow that is already running (pid 5, https://a)',
      '· Waiting for the worker to poll Q…',
      '✔ The worker polls Q',
      '· Stopping the worker…',
      '✔ Stopped the worker',
    ]);
  });
});
