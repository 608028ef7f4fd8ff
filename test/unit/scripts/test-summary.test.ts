import { describe, expect, it } from 'vitest';
import { failures, replaceFiles, summarise, summariseCosts } from '../../../scripts/test-summary.mjs';

const test = (status: string, fullName: string, duration = 1): object => ({ status, fullName, duration });
const file = (name: string, status: string, ...assertionResults: object[]): object => ({
  name,
  status,
  assertionResults,
});

describe('the totals of a run', () => {
  it('adds up reports and sorts by time', () => {
    const totals = summarise(
      [
        {
          testResults: [
            file('a', 'failed', test('passed', 'one', 5), test('failed', 'two', 50), test('skipped', 'three')),
          ],
        },
        { testResults: [file('b', 'passed', test('passed', 'four', 500))] },
      ],
      1,
    );
    expect(totals).toMatchObject({ passed: 2, failed: 1, skipped: ['three'] });
    expect(totals.slowest.map((slow) => slow.name)).toEqual(['four', 'two', 'one', 'three']);
  });

  it('counts a file that could not be loaded, and a run that failed outside of its tests', () => {
    expect(
      summarise([{ testResults: [file('a', 'failed'), file('b', 'passed', test('passed', 'one'))] }], 1),
    ).toMatchObject({ passed: 1, failed: 1 });
    expect(summarise([{ testResults: [file('b', 'passed', test('passed', 'one'))] }], 1)).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });
});

describe('the failures of a run', () => {
  const failed = {
    ...test('failed', 'two'),
    failureMessages: ['expected 1 to be 2\n    at a.test.ts:1\n    at /x/node_modules/runner.js:1'],
  };

  it('are listed with their messages, and with the name of a file that could not be loaded', () => {
    const report = {
      testResults: [
        file('a', 'failed', test('passed', 'one'), failed),
        { ...file('b', 'failed'), message: 'SyntaxError' },
        file('c', 'passed', test('passed', 'three')),
      ],
    };
    expect(failures([report])).toEqual([
      { file: 'a', name: 'two', message: 'expected 1 to be 2\n    at a.test.ts:1' },
      { file: 'b', name: 'b', message: 'SyntaxError' },
    ]);
  });

  it('are gone when their file passes in a later run, and stay without a later run', () => {
    const report = { testResults: [file('a', 'failed', failed), file('b', 'passed', test('passed', 'four'))] };
    const later = { testResults: [file('a', 'passed', test('passed', 'two'))] };
    expect(summarise([replaceFiles(report, later)], 0)).toMatchObject({ passed: 2, failed: 0 });
    expect(summarise([replaceFiles(report, undefined)], 1)).toMatchObject({ passed: 1, failed: 1 });
  });
});

describe('the costs of a run', () => {
  it('adds up the processor time, and lists the waits of each file that took a second or more', () => {
    const lines = [
      { file: 'a', resource: 'machine', waited: 2 },
      { file: 'a', resource: 'machine', waited: 3 },
      { file: 'a', resource: 'ports', waited: 0.5 },
      { file: 'a', seconds: 20, cpu: 4 },
      { file: 'b', seconds: 10, cpu: 8 },
    ];
    expect(summariseCosts(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)).toEqual({
      cpu: 12,
      files: [
        { file: 'b', cpu: 8 },
        { file: 'a', cpu: 4 },
      ],
      waits: [{ file: 'a', resource: 'machine', seconds: 5 }],
    });
  });
});
