import { describe, expect, it } from 'vitest';
import { createLogger, parseCoreFailure } from '../src/kuflow/logging.ts';
import { Secret } from '../src/kuflow/secret.ts';

function logged(run: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  run(createLogger({ level: 'INFO', format: 'json', write: (line) => lines.push(line) }));
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

  it('escapes control characters in messages from a server', () => {
    const [line = ''] = logged((logger) =>
      logger.error('Failed', { error: new Error('a\u001b[31m\u009b2J\u202eb\nc') }),
    );
    expect(line).toContain('a\\\\u{1b}[31m\\\\u{9b}2J\\\\u{202e}b\\nc');
  });

  it("leaves out the details of Temporal's start, except in debug logs", () => {
    const details = ['asset main.js 1.61 MiB', 'Workflow bundle created', 'No Nexus services registered, not polling'];
    expect(logged((logger) => details.forEach((message) => logger.info(message)))).toEqual([]);
    const lines: string[] = [];
    const logger = createLogger({ level: 'DEBUG', format: 'json', write: (line) => lines.push(line) });
    for (const message of details) logger.info(message);
    expect(lines).toHaveLength(3);
  });

  it('explains a nondeterminism error and how to fix it', () => {
    const lines = logged((logger) =>
      logger.warn('Failing workflow task', { error: 'Status { message: "[TMPRL1100] x" }' }),
    );
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('patched()');
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
