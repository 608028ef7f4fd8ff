import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noMetrics, type Metrics } from '../src/internal/metrics.ts';
import { RestError, type RestRequest } from '../src/internal/rest-client.ts';
import { INVALID_TASK_DATA } from '../src/internal/redaction.ts';
import { createTaskFailures, reasonOf } from '../src/internal/task-failures.ts';

const HOUR = 3_600_000;

describe('the reason of a failure', () => {
  it.each([
    ['hides quotes and addresses', 'No customer "Erika Muster" for erika@example.com', 'No customer … for …'],
    ['keeps apostrophes', "The server doesn't answer, so it isn't used", "The server doesn't answer, so it isn't used"],
    ['hides long numbers', 'Status 503 for account 12 3456 7890', 'Status 503 for account …'],
    ['keeps the host of a URL', 'GET https://u:p@bank.example.com/erika?token=abc failed', 'GET https://bank.example.com failed'],
    ['hides values and keys', 'password=hunter2 is wrong for 4fd7a2c9e1b08d36aa', 'password=… is wrong for …'],
    ['keeps a status', 'status=500, statusCode=404 for name=Ada status=Ada', 'status=500, statusCode=404 for name=… status=…'],
    ['has one line', 'First line\n    at secret (file.ts:1:1)', 'First line'],
    ['has at most 300 characters', 'x'.repeat(1_000), `${'x'.repeat(299)}…`],
  ])('%s', (_title, message, expected) => {
    expect(reasonOf(new Error(message))).toBe(expected);
  });

  it('names the type of the error', () => {
    const invalid = ApplicationFailure.retryable('/birthdays/2026-01-01 must be a date', INVALID_TASK_DATA);
    expect(reasonOf(invalid)).toBe('InvalidTaskData: /birthdays/2026-01-01 must be a date');
    expect(reasonOf(ApplicationFailure.nonRetryable('No such loan', 'UnknownLoan'))).toBe('UnknownLoan: No such loan');
    expect(reasonOf(new TypeError('x is not a function'))).toBe('TypeError: x is not a function');
    expect(reasonOf('only a text')).toBe('only a text');
  });

  it('names the status and the operation if KuFlow rejects a call', () => {
    const rejected = new RestError('PUT https://x/1: 404 Ada', { operation: 'retrieveProcess', status: 404 });
    expect(reasonOf(new Error('wrapped', { cause: rejected }))).toBe('KuFlow responded with 404 to retrieveProcess');
    expect(reasonOf(new RestError('no response', { operation: 'findProcesses' }))).toBe(
      'KuFlow did not respond to findProcesses',
    );
  });
});

describe('the task log', () => {
  const item = { processItemId: 'item', code: 'CHECK' };
  const log = new DefaultLogger('ERROR', () => undefined);
  const workflowExecution = { workflowId: 'process', runId: 'run' };
  let sent: RestRequest[];
  let failing: number[];
  let respond: () => Promise<unknown>;

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    failing = [];
    respond = async () => ({});
  });
  afterEach(() => vi.useRealTimers());

  const failures = () => {
    const metrics: Metrics = { ...noMetrics, systemTasksFailing: (count) => failing.push(count) };
    const call = async (request: RestRequest) => {
      sent.push(request);
      return (await respond()) as never;
    };
    return createTaskFailures({ call }, metrics, 3);
  };
  const attempt = (number: number, error: unknown = new Error('no paper'), maximumAttempts = 0) => ({
    item,
    error,
    info: { attempt: number, retryPolicy: { maximumAttempts }, workflowExecution },
    log,
  });
  const messages = () => sent.map(({ body }) => body);

  it('shows the reason and the workflow of a failure after the third attempt, and again an hour later', () => {
    const { failed } = failures();
    for (const number of [1, 2, 3, 4]) failed(attempt(number));
    const message = 'Attempt 3 failed; the worker will retry: no paper (workflow process)';
    expect(messages()).toEqual([{ level: 'WARN', message }]);
    failed(attempt(5, new Error('no ink')));
    expect(sent).toHaveLength(2);
    vi.setSystemTime(Date.now() + HOUR);
    failed(attempt(6));
    expect(sent).toHaveLength(3);
  });

  it('gets the reason immediately when no retries are left', () => {
    const { failed } = failures();
    failed(attempt(1, ApplicationFailure.nonRetryable('closed')));
    failed(attempt(2, new Error('the last one'), 2));
    expect(messages()).toEqual([
      { level: 'ERROR', message: 'The task failed: closed (workflow process)' },
      { level: 'ERROR', message: 'The task failed: the last one (workflow process)' },
    ]);
  });

  it('gets the reason after the next attempt if KuFlow rejected it before', async () => {
    const { failed } = failures();
    respond = () => Promise.reject(new Error('down'));
    failed(attempt(3));
    await vi.advanceTimersByTimeAsync(0);
    failed(attempt(4));
    expect(sent).toHaveLength(2);
  });

  it('counts the task as failing until an attempt succeeds, or until nothing happens for 10 minutes', () => {
    const { failed, succeeded } = failures();
    failed(attempt(1));
    succeeded(item);
    failed(attempt(2));
    vi.advanceTimersByTime(HOUR);
    expect(failing).toEqual([1, 0, 1, 0]);
  });
});
