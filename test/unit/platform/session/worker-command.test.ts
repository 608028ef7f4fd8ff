import { describe, expect, it } from 'vitest';
import { explainFailedStart, toExitStatus } from '../../../../src/platform/session/worker-command.ts';

const withCode = (code: string): Error => new Error('outer', { cause: Object.assign(new Error('inner'), { code }) });

describe('the status of a command', () => {
  it.each([
    [{ code: 0, signal: null }, 0],
    [{ code: 7, signal: null }, 7],
    [{ code: null, signal: 'SIGTERM' }, 143],
    [{ code: null, signal: 'SIGKILL' }, 137],
    [{ code: null, signal: 'SIGINT' }, 130],
  ])('is passed on: %j', (exit, status) => expect(toExitStatus(exit)).toBe(status));

  it.each([
    ['ENOENT', 127],
    ['EACCES', 126],
    ['ENOEXEC', 126],
  ])('is told when it was not started: %s', (code, status) => {
    const failed = explainFailedStart(withCode(code), ['prog', 'a']);
    expect(failed).toMatchObject({ status, error: { tried: 'prog a', seen: code } });
    expect(failed?.error.next).not.toEqual([]);
  });

  it('is left alone when the failure is another one', () => {
    expect(explainFailedStart(withCode('EMFILE'), ['prog'])).toBeUndefined();
    expect(explainFailedStart(new Error('defect'), ['prog'])).toBeUndefined();
  });
});
