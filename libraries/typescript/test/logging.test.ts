import type { Logger } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, parseCoreFailure, type LogOptions } from '../src/internal/logging.ts';
import { RestError } from '../src/internal/rest-client.ts';
import { Secret } from '../src/internal/secret.ts';

function logged(run: (logger: Logger) => void, options: Partial<LogOptions> = {}): string[] {
  const lines: string[] = [];
  run(createLogger({ level: 'INFO', format: 'json', frames: 'all', write: (line) => lines.push(line), ...options }));
  return lines;
}

describe('the log', () => {
  it('contains one JSON object per line, with process and item', () => {
    const [line = ''] = logged((logger) => logger.info('Done', { workflowId: 'p', processItemId: 'i' }));
    expect(JSON.parse(line)).toMatchObject({ level: 'INFO', message: 'Done', processId: 'p', processItemId: 'i' });
  });

  it('contains neither secrets nor form data', () => {
    const lines = logged((logger) => {
      const error = Object.assign(new Error('failed'), { details: [{ NAME: 'canary' }] });
      logger.error('Failed', { error, args: ['canary'], value: { NAME: 'canary' }, reason: new Secret('canary') });
      logger.warn('Failed', { error: 'Failure { failure: Some(Failure { message: "why", details: "canary" }) }' });
    });
    expect(lines.join('\n')).not.toContain('canary');
    expect(lines[0]).toContain('failed');
    expect(lines[1]).toContain('why');
  });

  it('hides the values in messages of exceptions in activities', () => {
    const cause = new TypeError('https://policies.example/policy/DE-4711-9923?name=Ada: 404');
    const error = new Error("No policy for 'Ada Lovelace', 1815-12-10", { cause });
    const lines = logged((logger) => logger.warn('Activity failed', { error, activityType: 'findPolicy' }));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: 'No policy for …, … <- TypeError: https://policies.example 404' });
    expect(lines.join('')).not.toMatch(/Ada|4711|1815/);
  });

  it("has the errors of KuFlow's client in activities as they are", () => {
    const message = 'GET https://kuflow.example/processes/1234567: 404';
    const error = new RestError(message, { operation: 'retrieveProcess', status: 404 });
    const [line = ''] = logged((logger) => logger.error('KuFlow rejected a call', { error, activityType: 'findPolicy' }));
    expect(JSON.parse(line)).toMatchObject({ error: message });
  });

  it('contains extra fields, except those named like secrets or form data, and objects', () => {
    const fields = { orderId: 7, documentId: 'd', isRetry: true, durationMs: 5 };
    const secrets = {
      taskToken: 'canary',
      apiKey: 'canary',
      API_KEY: 'canary',
      'client-secret': 'canary',
      dbPassword2: 'canary',
    };
    const formData = { args: 'canary', value: 'canary', formData: 'canary', errorDetails: 'canary', input: 'canary' };
    const [line = ''] = logged((logger) =>
      logger.info('Order', { ...fields, ...secrets, ...formData, customer: { name: 'canary' }, time: 'x', level: 'x' }),
    );
    const { time, ...rest } = JSON.parse(line);
    expect(rest).toEqual({ level: 'INFO', message: 'Order', ...fields });
    expect(time).toMatch(/^20/);
  });

  it('does not contain the task of an activity whose input cannot be decoded', () => {
    const fields = { activityType: 'echo', task: 'canary', taskEncoded: 'canary', error: new Error('no key') };
    const [line = ''] = logged((logger) => logger.error('Error while processing ActivityTask.start', fields));
    expect(JSON.parse(line)).toMatchObject({ activityType: 'echo', error: 'no key' });
    expect(line).not.toContain('canary');
  });

  it("contains none of the structures that Temporal's core logs", () => {
    const lines = logged((logger) =>
      logger.warn('Failing workflow task', { sdkComponent: 'core', runId: 'r', completion: 'Completion { "canary" }' }),
    );
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ runId: 'r' });
    expect(lines.join('')).not.toContain('canary');
  });

  it('names the process in lines that Temporal logs with the run of a workflow only', () => {
    const [line = ''] = logged((logger) => {
      logger.trace('Creating workflow', { runId: 'r', workflowId: 'p', workflowType: 'T' });
      logger.warn('Failing workflow task', { sdkComponent: 'core', runId: 'r' });
    });
    expect(JSON.parse(line)).toMatchObject({ processId: 'p', workflowType: 'T' });
  });

  it('escapes control characters in messages from a server', () => {
    const [line = ''] = logged((logger) =>
      logger.error('Failed', { error: new Error('a\u001b[31m\u009b2J\u202eb\nc') }),
    );
    expect(line).toContain('a\\\\u{1b}[31m\\\\u{9b}2J\\\\u{202e}b\\nc');
  });

  it("leaves out the details of Temporal's start, except in debug logs", () => {
    const details = ['asset main.js 1.61 MiB', 'Workflow bundle created', 'No Nexus services registered, not polling'];
    expect(logged((logger) => details.forEach((message) => logger.info(message)))).toEqual([]);
    expect(logged((logger) => details.forEach((message) => logger.info(message)), { level: 'DEBUG' })).toHaveLength(3);
  });

  it('explains a nondeterminism error and how to fix it', () => {
    const lines = logged((logger) =>
      logger.warn('Failing workflow task', { error: 'Status { message: "[TMPRL1100] x" }' }),
    );
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('patched()');
  });
});

describe('the stack of an error', () => {
  const LIBRARY_FRAME =
    '    at call (/app/node_modules/.pnpm/kuflow-worker@file/node_modules/kuflow-worker/src/rest.ts:1:2)';
  const error = new Error('failed', { cause: new TypeError('no such row') });
  error.stack = `Error: failed
    at run (/app/src/activities.ts:3:4)
    at next (/app/node_modules/@temporalio/worker/lib/activity.js:1:2)
    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)`;
  (error.cause as Error).stack =
    `TypeError: no such row\n    at find (/app/src/db.ts:9:1)\n${LIBRARY_FRAME}\n    at new Promise (<anonymous>)`;

  it('is complete in development', () => {
    const lines = logged((logger) => logger.warn('Activity failed', { error, activityType: 'run' }), {
      format: 'pretty',
    });
    expect(lines.join('\n').split('\n').slice(1)).toEqual([
      '    at run (/app/src/activities.ts:3:4)',
      '    at next (/app/node_modules/@temporalio/worker/lib/activity.js:1:2)',
      '    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)',
      '  caused by TypeError: no such row',
      '    at find (/app/src/db.ts:9:1)',
      LIBRARY_FRAME,
      '    at new Promise (<anonymous>)',
    ]);
  });

  it('has only frames of the project and of this library in production', () => {
    const [line = ''] = logged((logger) => logger.warn('Activity failed', { error }), { frames: 'own' });
    expect(JSON.parse(line)).toMatchObject({
      error: 'failed <- TypeError: no such row',
      stack: [
        '    at run (/app/src/activities.ts:3:4)',
        '  caused by TypeError: no such row',
        '    at find (/app/src/db.ts:9:1)',
        LIBRARY_FRAME,
      ].join('\n'),
    });
  });

  it("is that of workflow code, in a line of Temporal's core", () => {
    const failure =
      'Failure { message: "broken", stack_trace: "Error: broken\\n    at Loan (/app/src/workflows.ts:7:9)" }';
    const [line = ''] = logged((logger) => logger.warn('Failing workflow task', { sdkComponent: 'core', failure }));
    expect(JSON.parse(line)).toMatchObject({ error: 'broken', stack: '    at Loan (/app/src/workflows.ts:7:9)' });
  });
});

describe('a failure that happens again', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const fail = (logger: Logger, workflowId: string, reason = 'connection to port 1 refused'): void => {
    const error = Object.assign(new Error(reason), { stack: 'Error\n    at run (/app/src/activities.ts:3:4)' });
    logger.warn('Activity failed', { error, activityType: 'run', workflowId });
  };
  const short = (lines: string[]): unknown[] =>
    lines
      .map((line) => JSON.parse(line))
      .map(({ message, processId, stack }) => [message, processId, stack !== undefined]);

  it('is logged in full once, once for each other process, and then counted per minute', () => {
    const lines = logged((logger) => {
      for (let times = 0; times < 3; times++) fail(logger, 'p1');
      fail(logger, 'p2', 'connection to port 2 refused');
      fail(logger, 'p2');
      vi.advanceTimersByTime(60_000);
      vi.advanceTimersByTime(60_000);
      fail(logger, 'p1');
      vi.advanceTimersByTime(60_000);
    });
    expect(short(lines)).toEqual([
      ['Activity failed', 'p1', true],
      ['Activity failed', 'p2', false],
      ['Activity failed (again, 3 times in the last minute)', 'p2', false],
      ['Activity failed (again, 1 time in the last minute)', 'p1', false],
    ]);
  });

  it("has its stack once, even if the SDK and Temporal's core both log it", () => {
    const stack = '    at Loan (/app/src/workflows.ts:7:9)';
    const error = Object.assign(new TypeError('no id'), {
      stack: `TypeError: no id\n${stack}\n    at next (/app/src/a.ts:1:2)`,
    });
    const failure = `Failure { message: "no id", stack_trace: "TypeError: no id\\n${stack}" }`;
    const lines = logged((logger) => {
      logger.warn('Workflow failed', { error, workflowId: 'p' });
      logger.warn('Failing workflow task', { sdkComponent: 'core', failure });
    });
    expect(short(lines)).toEqual([
      ['Workflow failed', 'p', true],
      ['Failing workflow task', undefined, false],
    ]);
  });

  it('is logged in full again if it has another reason, or after 10 minutes without it', () => {
    const lines = logged((logger) => {
      fail(logger, 'p1');
      fail(logger, 'p1', 'out of memory');
      vi.advanceTimersByTime(11 * 60_000);
      expect(vi.getTimerCount()).toBe(0);
      fail(logger, 'p1');
    });
    expect(short(lines)).toEqual(Array.from({ length: 3 }, () => ['Activity failed', 'p1', true]));
  });

  it('is remembered only with the latest thousand failures', () => {
    const letters = (index: number): string =>
      String.fromCharCode(97 + Math.floor(index / 26 / 26), 97 + (Math.floor(index / 26) % 26), 97 + (index % 26));
    const lines = logged((logger) => {
      fail(logger, 'p1');
      fail(logger, 'p1');
      for (let index = 0; index < 1_000; index++) logger.error(letters(index), { error: 'x' });
      fail(logger, 'p1');
    });
    const ofProcess = lines.filter((line) => line.includes('p1'));
    expect(short(ofProcess)).toEqual([
      ['Activity failed', 'p1', true],
      ['Activity failed (again, 1 time in the last minute)', 'p1', false],
      ['Activity failed', 'p1', true],
    ]);
  });
});

describe("a failure in the log of Temporal's core", () => {
  it('has its message and its stack, without the details', () => {
    const text = String.raw`Failure { failure: Some(Failure { message: "not \"x\"", source: "TypeScriptSDK", stack_trace: "Error: not \"x\"\n    at run (/app/src/a.ts:1:2)\n    at \u{1f41e} (/app/src/b.ts:3:4)", details: "canary" }) }`;
    expect(parseCoreFailure(text)).toEqual({
      message: 'not "x"',
      stack: '    at run (/app/src/a.ts:1:2)\n    at 🐞 (/app/src/b.ts:3:4)',
    });
  });

  it('is undefined for a text that is not a structure', () => {
    expect(parseCoreFailure('connection refused')).toBeUndefined();
  });
});
