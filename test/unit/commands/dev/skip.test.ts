import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SkipResult } from '../../../../src/platform/shared/dev-contract.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { leaveRunningState } from '../../../support/running-state.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const UNTIL = '2026-12-03T10:00:00.000Z';
const REACHED: SkipResult = {
  end: 'reached',
  from: '2026-11-30T10:00:00.000Z',
  now: '2026-12-03T10:00:01.000Z',
  aheadMs: 3 * 86_400_000,
  until: UNTIL,
  events: [],
  behind: [],
};
const EVENT = { time: UNTIL, processId: '01a22be3-657f-7463-8fc2-00adbeb080e6', what: 'item-assigned', code: 'REVIEW' };

let folder: string;
let running: { close(): void };
let server: AnsweringServer;
/** One for each request; the last one is repeated. */
let answers: readonly Partial<SkipResult>[];
const skip = (...args: readonly string[]): Promise<Ran> => runKuflow(folder, ['dev', 'skip', ...args]);
const bodies = (): readonly unknown[] =>
  server.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body.toString()) as unknown);

beforeEach(async () => {
  folder = temporaryFolder();
  answers = [REACHED];
  server = await startAnsweringServer((_request, response) => {
    const answer = answers[Math.min(bodies().length, answers.length) - 1];
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...REACHED, ...answer }));
  });
  const stateDir = join(folder, '.kuflow', 'dev');
  mkdirSync(stateDir, { recursive: true });
  running = await leaveRunningState(stateDir, sampleDefinition(), { http: server.url });
});
afterEach(async () => {
  running.close();
  await server.close();
});

describe('kuflow dev skip', () => {
  it('sends the duration, the time or neither, and prints what happened', async () => {
    answers = [{ events: [{ ...EVENT, processItemId: EVENT.processId }] }];
    const { status, stdout } = await skip('3d');
    expect(status).toBe(0);
    expect(stdout).toBe(
      `${UNTIL}  REVIEW assigned (…b080e6)\nThe local KuFlow's clock is at 2026-12-03T10:00:01.000Z, 3 d ahead\n`,
    );
    await skip('--until', '2026-12-03');
    await skip('--until', '2026-12-03T10:00+01:00');
    await skip();
    expect(bodies()).toEqual([
      { seconds: 3 * 86_400 },
      { until: '2026-12-03T00:00:00.000Z' },
      { until: '2026-12-03T09:00:00.000Z' },
      {},
    ]);
  });

  it('continues after the time limit of a request, and collects all events', async () => {
    answers = [{ end: 'time-limit', from: '2026-11-29T00:00:00.000Z', events: [EVENT] }, { events: [EVENT] }];
    const { status, stdout } = await skip('3d', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ...REACHED, from: '2026-11-29T00:00:00.000Z', events: [EVENT, EVENT] });
    expect(bodies()).toEqual([{ seconds: 3 * 86_400 }, { until: UNTIL }]);
  });

  it('names the processes that stay behind, with status 4', async () => {
    const waits = { workflowId: EVENT.processId, now: UNTIL, reason: 'its worker is busy' };
    answers = [{ end: 'stuck', behind: [waits] }];
    const busy = await skip('3d');
    expect(busy.status).toBe(4);
    expect(busy.stderr).toContain(`Process ${EVENT.processId} has not moved from ${UNTIL}: its worker is busy`);
    answers = [{ end: 'stuck', behind: [{ ...waits, reason: 'no worker is polling LOAN_QUEUE' }] }];
    const { status, stdout, stderr } = await skip('3d');
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
    // The reason is named once.
    expect(stderr).not.toContain('has not moved');
    expect(stderr).toContain(
      '✖ No time was skipped: no worker is polling LOAN_QUEUE\n  → Start the worker: npx kuflow dev exec -- <command>\n  → Then try again\n',
    );
  });

  it('reports that nothing happened, with status 1', async () => {
    answers = [{ end: 'idle' }];
    const { status, stderr } = await skip();
    expect(status).toBe(1);
    expect(stderr).toContain(
      'Nothing happened: no process is waiting for a deadline or timer, or none of them changed in KuFlow',
    );
  });

  it.each([
    [['0s'], 'must be a duration of at least one second'],
    [['3w'], 'must be a duration such as'],
    [['--until', '2026-12-03T10:00'], 'must be a date such as 2027-01-31, or a time with a time zone'],
    [['3d', '--until', '2026-12-03'], 'A duration cannot be combined with --until'],
  ])('refuses %j', async (args, message) => {
    const { status, stderr } = await skip(...args);
    expect([status, bodies()]).toEqual([2, []]);
    expect(stderr).toContain(message);
  });
});
