import { describe, expect, it } from 'vitest';
import type { Check, CheckContext, CheckEvent, Finding } from '../../../src/diagnostics/check.ts';
import type { CheckOutputs } from '../../../src/diagnostics/input.ts';
import { allChecks } from '../../../src/diagnostics/all-checks.ts';
import { createReport } from '../../../src/diagnostics/report-and-exit-status.ts';
import { runChecks, selectChecks } from '../../../src/diagnostics/runner.ts';

type Run = (context: CheckContext<string>) => Promise<Finding>;
type Fake = Check<string>;

const passes: Run = () => Promise.resolve({ state: 'pass', summary: 'ok' });
const fails: Run = () =>
  Promise.resolve({
    state: 'fail',
    summary: 'broken',
    cause: { code: 'x', verdict: 'fail', text: 'broken' },
    advice: [{ text: 'Do', command: 'that' }],
  });

function fake(id: string, requires: readonly string[], run: Run = passes, more: Partial<Fake> = {}): Fake {
  return { id, title: id, plane: 'engine', requires, timeoutMs: 30_000, run, ...more };
}

const shape = (results: Awaited<ReturnType<typeof runChecks>>): readonly string[] =>
  results.map(({ id, state, skipped, blockedBy }) =>
    [id, state, skipped, blockedBy].filter((part) => part !== undefined).join(' '),
  );

describe('runChecks', () => {
  it('skips checks that depend on a failure, naming the first one, and runs the others', async () => {
    const results = await runChecks(
      [fake('A', []), fake('B', ['A'], fails), fake('C', ['B']), fake('D', ['C', 'A']), fake('E', ['A'])],
      '',
    );
    expect(shape(results)).toEqual(['A pass', 'B fail', 'C skip blocked B', 'D skip blocked B', 'E pass']);
  });

  it('runs dependents of a check that was not applicable or restricted', async () => {
    const restricted: Run = () => Promise.resolve({ state: 'skip', skipped: 'restricted', summary: 'no' });
    const results = await runChecks(
      [
        fake('A', [], fails),
        fake('B', ['A'], fails, { notApplicable: (input) => `not with ${input}` }),
        fake('C', [], restricted),
        fake('D', ['B', 'C']),
      ],
      'this input',
    );
    expect(shape(results)).toEqual(['A fail', 'B skip not-applicable', 'C skip restricted', 'D pass']);
    expect(results[1]?.summary).toBe('not with this input');
  });

  it('passes outputs to later checks', async () => {
    const seen: unknown[] = [];
    const finds =
      (part: CheckOutputs): Run =>
      ({ outputs }) => {
        seen.push({ ...outputs });
        return Promise.resolve({ state: 'warn', summary: '', outputs: part });
      };
    await runChecks(
      [
        fake('A', [], finds({ skewMs: 1 })),
        fake('B', ['A'], finds({ settingsExplainedByFiles: 'all' })),
        fake('C', ['B'], finds({})),
      ],
      '',
    );
    expect(seen).toEqual([{}, { skewMs: 1 }, { skewMs: 1, settingsExplainedByFiles: 'all' }]);
  });

  it('runs checks in parallel and reports in the order of the list', async () => {
    const events: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Run = async () => {
      await gate;
      return { state: 'pass', summary: '' };
    };
    const quick: Run = () => {
      release();
      return Promise.resolve({ state: 'pass', summary: '' });
    };
    const report = (event: CheckEvent): void =>
      void events.push(event.kind === 'check-started' ? `start ${event.id}` : `end ${event.result.id}`);
    await runChecks([fake('A', [], slow), fake('B', [], quick)], '', { report });
    expect(events).toEqual(['start A', 'start B', 'end A', 'end B']);
  });

  it('reports a check that throws as a crash and one that times out as unknown', async () => {
    const throws: Run = () => Promise.reject(new Error('oh'));
    const throwsAtOnce: Run = () => {
      throw new Error('at once');
    };
    let given: AbortSignal | undefined;
    const hangs: Run = ({ signal }) => {
      given = signal;
      return new Promise(() => undefined);
    };
    const results = await runChecks(
      [
        fake('A', [], throws),
        fake('B', [], throwsAtOnce),
        fake('C', [], hangs, { timeoutMs: 30 }),
        fake('D', ['A']),
        fake('E', ['C']),
      ],
      '',
    );
    expect(shape(results)).toEqual(['A crash', 'B crash', 'C unknown', 'D skip blocked A', 'E skip blocked C']);
    expect(results[0]?.summary).toContain('oh');
    expect(given?.aborted).toBe(true);
  });

  it('stops when its signal aborts and releases resources, even those registered late', async () => {
    const stop = new AbortController();
    const released: string[] = [];
    let late: ((release: () => void) => void) | undefined;
    const holds: Run = ({ onRunEnd }) => {
      onRunEnd(() => released.push('held'));
      late = onRunEnd;
      stop.abort();
      return new Promise(() => undefined);
    };
    const results = await runChecks([fake('A', [], holds), fake('B', ['A'])], '', { signal: stop.signal });
    expect(shape(results)).toEqual(['A unknown', 'B skip blocked A']);
    expect(released).toEqual(['held']);
    late?.(() => released.push('late'));
    expect(released).toEqual(['held', 'late']);
  });

  it('keeps connections open if the caller closes them', async () => {
    const released: string[] = [];
    const holds: Run = ({ onRunEnd }) => {
      onRunEnd(() => released.push('held'));
      return Promise.resolve({ state: 'pass', summary: '' });
    };
    let close = (): void => undefined;
    await runChecks([fake('A', [], holds)], '', { keepOpen: (given) => (close = given) });
    expect(released).toEqual([]);
    close();
    close();
    expect(released).toEqual(['held']);
  });

  it('measures the time of a check without that of earlier checks', async () => {
    const slow: Run = async () => {
      const until = performance.now() + 500;
      while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
      return { state: 'pass', summary: '' };
    };
    const [first, second] = await runChecks([fake('A', [], slow), fake('B', ['A'])], '');
    expect(first?.ms).toBeGreaterThanOrEqual(500);
    expect(second?.ms).toBeLessThan(500);
  });

  it('lists what was created, whatever the state of the check', async () => {
    const makes =
      (created: string, state: 'pass' | 'fail'): Run =>
      () =>
        Promise.resolve({ state, summary: '', created });
    const made = await runChecks(
      [
        fake('A', [], makes('engine token', 'pass'), { creates: 'engine token' }),
        fake('B', [], fails, { creates: 'engine token' }),
        fake('C', [], passes, { creates: 'engine token' }),
        fake('D', [], makes('engine certificate', 'fail'), { creates: 'engine certificate' }),
      ],
      '',
    );
    expect(createReport(made, 0).created).toEqual(['engine token', 'engine certificate']);
  });

  it('reuses results of an earlier run without their created items', async () => {
    const runs: string[] = [];
    const counted: Run = () => {
      runs.push('A');
      return Promise.resolve({ state: 'warn', summary: 'seen', created: 'engine token' });
    };
    const checks = [fake('A', [], counted), fake('B', ['A'])];
    const first = await runChecks(checks, '');
    const second = await runChecks(checks, '', { earlier: first.slice(0, 1) });
    expect(shape(second)).toEqual(['A warn', 'B pass']);
    expect(second[0]).toMatchObject({ summary: 'seen', earlier: true });
    expect(createReport(second, 0).created).toEqual([]);
    expect(runs).toEqual(['A']);
  });

  it('rejects a check that requires a later one', async () => {
    await expect(runChecks([fake('A', ['B']), fake('B', [])], '')).rejects.toThrow('A requires B');
  });
});

describe('createReport', () => {
  it('puts a definite failure before an unknown result', async () => {
    const unknown: Run = () => Promise.resolve({ state: 'unknown', summary: '?' });
    const report = createReport(await runChecks([fake('A', [], unknown), fake('B', [], fails)], ''), 0, {
      retry: 'again',
    });
    expect(report.firstFailure?.id).toBe('B');
    expect(report.next).toEqual(['Do: that', 'Then check again: again']);
    expect(report.status).toBe(1);
    expect(createReport(await runChecks([fake('A', [], unknown)], ''), 0).status).toBe(4);
    expect(createReport(await runChecks([fake('A', [])], ''), 0, { retry: 'again' })).toMatchObject({
      status: 0,
      next: [],
    });
  });
});

describe('the list of all checks', () => {
  it('has unique ids', () => {
    const ids = allChecks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^KF-[A-Z]+-\d{3}$/);
  });

  it('selects checks with everything they require or wait for', () => {
    expect(selectChecks(allChecks, ['KF-TOKEN-001']).map(({ id }) => id)).toEqual([
      'KF-SET-003',
      'KF-SET-001',
      'KF-REST-001',
      'KF-REST-002',
      'KF-TOKEN-001',
    ]);
    expect(selectChecks(allChecks, ['KF-CLOCK-001']).map(({ id }) => id)).toEqual([
      'KF-SET-003',
      'KF-SET-001',
      'KF-REST-001',
      'KF-CLOCK-001',
    ]);
    const ofWorker = selectChecks(allChecks, ['KF-WORK-002']).map(({ id }) => id);
    expect(ofWorker).toEqual(expect.arrayContaining(['KF-SET-002', 'KF-ENGINE-002', 'KF-WORK-001', 'KF-WORK-002']));
    expect(selectChecks(allChecks, undefined)).toBe(allChecks);
    expect(() => selectChecks(allChecks, ['KF-NONE-001'])).toThrow('KF-NONE-001');
  });
});
