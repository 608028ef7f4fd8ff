import { describe, expect, it } from 'vitest';
import { explainFailedStart, toExitStatus } from '../../../../src/platform/session/worker-command.ts';

const withCode = (code: string): Error => new Error('outer', { cause: Object.assign(new Error('inner'), { code }) });

describe('the exit status of a command', () => {
  it.each([
    [{ code: 0, signal: null }, 0],
    [{ code: 7, signal: null }, 7],
    [{ code: null, signal: 'SIGTERM' }, 143],
    [{ code: null, signal: 'SIGKILL' }, 137],
    [{ code: null, signal: 'SIGINT' }, 130],
  ])('is its own, or 128 plus the signal: %j', (exit, status) => expect(toExitStatus(exit)).toBe(status));

  it.each([
    ['EACCES', 126],
    ['ENOEXEC', 126],
  ])('is 126 or 127 if it could not be started: %s', (code, status) => {
    const failure = explainFailedStart(withCode(code), ['prog', 'a']);
    expect(failure).toMatchObject({ exitStatus: status, tried: 'prog a', seen: code });
    expect(failure).toHaveProperty('next.0');
  });

  it('is 127 for a command that does not exist, without the name of the system error', () => {
    const failure = explainFailedStart(withCode('ENOENT'), ['prog', 'a']);
    expect(failure).toMatchObject({ exitStatus: 127, message: 'Command not found: prog', seen: undefined });
    expect(failure).toHaveProperty('next.0');
  });

  it('is not set by other failures, whose error stays as it is', () => {
    for (const error of [withCode('EMFILE'), new Error('defect')])
      expect(explainFailedStart(error, ['prog'])).toBe(error);
  });
});
