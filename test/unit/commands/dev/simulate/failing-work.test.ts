import { describe, expect, it } from 'vitest';
import {
  adviseOnFailingWork,
  findPermanentFailure,
  formatFailingWork,
} from '../../../../../src/commands/dev/simulate/failing-work.ts';
import type { FailingWork } from '../../../../../src/platform/temporal/failing-work.ts';

const code = (failures: number): FailingWork => ({
  kind: 'workflow-task',
  name: 'LoanWorkflow',
  failures,
  message: 'boom',
  location: '/w/src/workflows.ts:3',
});
const activity = (over: Partial<FailingWork>): FailingWork => ({
  kind: 'activity',
  name: 'chekCredit',
  failures: 1,
  message: 'no',
  ...over,
});

describe('findPermanentFailure', () => {
  it('is workflow code after three failures', () => {
    expect(findPermanentFailure([code(2)], false)).toBeUndefined();
    expect(findPermanentFailure([code(3)], false)).toEqual(code(3));
  });

  it('is an unregistered activity: at once, or after three failures when other workers may know it', () => {
    const [first, third] = [activity({ registered: [] }), activity({ registered: [], failures: 3 })];
    expect(findPermanentFailure([first], false)).toEqual(first);
    expect(findPermanentFailure([first], true)).toBeUndefined();
    expect(findPermanentFailure([third], true)).toEqual(third);
  });

  it('is never an activity that fails for another reason', () => {
    expect(findPermanentFailure([activity({ failures: 50 })], false)).toBeUndefined();
  });
});

describe('the text of a failure', () => {
  it('has the error, how often it happened, and its place once', () => {
    expect(formatFailingWork(code(3))).toBe('Workflow LoanWorkflow failed 3 times: boom (/w/src/workflows.ts:3)');
    expect(formatFailingWork({ ...code(3), message: 'boom at /w/src/workflows.ts:3' })).not.toContain('(');
    expect(formatFailingWork(activity({}))).toBe('Activity chekCredit failed once: no');
  });

  it('names the closest registered activity, and lists all except those of KuFlow', () => {
    const misspelled = activity({ registered: ['sendMail', 'KuFlow_Engine_retrieveProcess', 'checkCredit'] });
    expect(formatFailingWork(misspelled)).toBe(
      'Activity chekCredit is not registered with the worker; did you mean "checkCredit"?',
    );
    expect(adviseOnFailingWork(misspelled, 'the log')).toEqual([
      'Register the activity, or use a registered one: checkCredit, sendMail',
    ]);
    expect(adviseOnFailingWork(activity({ registered: [] }), 'the log')).toEqual([
      'Register the activity with the worker',
    ]);
    expect(adviseOnFailingWork(code(3), 'the log')).toEqual(['Fix /w/src/workflows.ts:3, or see the log']);
  });
});
