import { describe, expect, it } from 'vitest';
import {
  failureLocation,
  failureOfCode,
  listFailingWork,
  registeredActivities,
  relativeToFolder,
} from '../../../../src/platform/temporal/failing-work.ts';

describe('registeredActivities', () => {
  it.each([
    [
      'TypeScript',
      'Activity function slowWrok is not registered on this Worker, available activities: ["shortWork","slowWork"]',
      ['shortWork', 'slowWork'],
    ],
    [
      'Python',
      'Activity function a for workflow 7 is not registered on this worker, available activities: b, c',
      ['b', 'c'],
    ],
    ['Java', 'Activity Type "A" is not registered with a worker. Known types are: B, C', ['B', 'C']],
    [
      'a worker without activities',
      'Activity function a is not registered on this Worker, available activities: []',
      [],
    ],
  ])('reads them from the message of %s', (_, message, expected) => {
    expect(registeredActivities(message)).toEqual(expected);
  });

  it('ignores other messages', () => {
    expect(registeredActivities('The customer is not registered')).toBeUndefined();
  });
});

describe('failureLocation', () => {
  it.each([
    [
      'JavaScript',
      'TypeError: x\n    at Workflow.execute (/w/node_modules/@temporalio/workflow/lib/a.js:1:2)\n    at LoanWorkflow (/w/src/workflows.ts:23:11)\n    at /w/src/b.ts:9:1',
      '/w/src/workflows.ts:23',
    ],
    ['JavaScript without a function', 'Error: x\n    at file:///w/dist/activities.js:7:9', '/w/dist/activities.js:7'],
    [
      'JavaScript on Windows, whose URLs are paths with a drive',
      'Error: x\n    at f (file:///C:/My%20work/dist/activities.js:7:9)',
      String.raw`C:\My work\dist\activities.js:7`,
    ],
    [
      'Python on Windows',
      String.raw`File "C:\w\loan\steps.py", line 5, in f` +
        '\n' +
        String.raw`  File "C:\Program Files\Python312\Lib\asyncio\tasks.py", line 9, in g`,
      String.raw`C:\w\loan\steps.py:5`,
    ],
    [
      'Java',
      'java.lang.IllegalStateException: x\n\tat java.base/java.util.List.of(List.java:1)\n\tat com.acme.LoanWorkflowImpl.run(LoanWorkflowImpl.java:45)\n\tat io.temporal.internal.A.b(A.java:2)',
      'LoanWorkflowImpl.java:45',
    ],
    [
      'Python',
      'File "/v/site-packages/temporalio/worker/_w.py", line 3, in run\n  File "/w/loan/workflows.py", line 12, in run\n    await self.f()\n  File "/w/loan/steps.py", line 5, in f\n',
      '/w/loan/steps.py:5',
    ],
  ])('is the innermost own frame of %s', (_, stack, expected) => {
    expect(failureLocation(stack)).toBe(expected);
  });

  it('is undefined if every frame belongs to an SDK, and for an empty stack', () => {
    expect(
      failureLocation('Error: x\n    at f (/w/node_modules/a/b.js:1:1)\n    at node:internal/c:1:1'),
    ).toBeUndefined();
    expect(failureLocation('')).toBeUndefined();
  });
});

describe('failureOfCode', () => {
  const sdk = { message: 'Failure handling event 21', stackTrace: 'io.temporal.internal.A.b(A.java:465)\n' };

  it('is the error that the SDK for Java has wrapped, not the cause of that error', () => {
    const own = {
      message: 'broken',
      stackTrace: 'com.acme.LoanWorkflowImpl.run(LoanWorkflowImpl.java:45)\n',
      cause: { message: 'no such file', stackTrace: 'com.acme.Files.read(Files.java:1)\n' },
    };
    expect(failureOfCode({ ...sdk, cause: { ...sdk, cause: own } })).toEqual({
      message: 'broken',
      location: 'LoanWorkflowImpl.java:45',
    });
  });

  it('is the whole failure if all of it comes from an SDK', () => {
    expect(failureOfCode({ ...sdk, cause: { message: 'TMPRL1100' } })).toEqual({
      message: 'Failure handling event 21',
    });
  });
});

describe('relativeToFolder', () => {
  const work = { kind: 'workflow', name: 'LoanWorkflow', failures: 1, message: 'boom' } as const;

  it('shortens a place inside the folder only', () => {
    const located = { ...work, location: '/w/src/workflows.ts:3' };
    expect(relativeToFolder(located, '/w').location).toBe('src/workflows.ts:3');
    expect(relativeToFolder(located, '/w/s').location).toBe('/w/src/workflows.ts:3');
    expect(relativeToFolder(work, '/w').location).toBeUndefined();
  });
});

describe('listFailingWork', () => {
  it('names the failure with which a workflow ended, and its place', async () => {
    const failure = {
      message: 'Activity task failed',
      stackTrace: '    at Activator.x (/w/node_modules/@temporalio/workflow/lib/internals.js:1:2)',
      cause: { message: 'no credit', stackTrace: 'Error: no credit\n    at checkCredit (/w/src/activities.ts:7:9)' },
    };
    const service = {
      describeWorkflowExecution: () =>
        Promise.resolve({
          pendingActivities: [],
          workflowExecutionInfo: { status: 3, type: { name: 'LoanWorkflow' } },
        }),
      getWorkflowExecutionHistoryReverse: () =>
        Promise.resolve({ history: { events: [{ workflowExecutionFailedEventAttributes: { failure } }] } }),
    };
    expect(await listFailingWork(service as never, 'namespace', 'id')).toEqual([
      {
        ...{ kind: 'workflow', name: 'LoanWorkflow', failures: 1 },
        ...{ message: 'no credit', location: '/w/src/activities.ts:7' },
      },
    ]);
  });
});
