import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

// What may stand in a log line. Arguments and results of workflows and activities hold form data, so nothing else does.
const FIELDS = [
  'sdkComponent',
  'workflowType',
  'workflowRunId',
  'runId',
  'activityType',
  'activityId',
  'attempt',
  'taskQueue',
  'namespace',
  'state',
  'processId',
  'processItemId',
  'operation',
  'status',
  'code',
  'port',
  'seconds',
  'reason',
  'hint',
  'target',
] as const;

export interface LogOptions {
  readonly level: LogLevel;
  /** `json` for machines: one object a line. `text` for a person at a terminal. */
  readonly format: 'json' | 'text';
  readonly write: (line: string) => void;
}

/** The one logger of this worker, of Temporal's SDK too. */
export function createLogger(options: LogOptions): Logger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}): void => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    // The bundler reports in many lines, of which the first says enough.
    const short = level === 'INFO' || level === 'DEBUG' ? (message.split('\n', 1)[0] ?? '') : message;
    const record = recordOf(level, short, meta);
    options.write(options.format === 'json' ? JSON.stringify(record) : lineOf(record));
    const hint = nonDeterminismHint(message, meta);
    if (hint !== undefined && meta['hint'] === undefined)
      log('ERROR', 'Non-determinism error', { ...meta, error: undefined, err: undefined, failure: undefined, hint });
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

type LogRecord = { time: string; level: LogLevel; message: string } & Record<string, unknown>;

function recordOf(level: LogLevel, message: string, meta: LogMetadata): LogRecord {
  const record: LogRecord = { time: new Date().toISOString(), level, message };
  // KuFlow starts the workflow of a process with the id of the process.
  const workflowId: unknown = meta['workflowId'] ?? meta['workflow_id'];
  if (typeof workflowId === 'string') record['processId'] = workflowId;
  for (const field of FIELDS) {
    const value: unknown = meta[field];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') record[field] = value;
  }
  const error: unknown = meta['error'] ?? meta['err'] ?? meta['failure'];
  if (error !== undefined && error !== null) record['error'] = describeError(error);
  return record;
}

// Their messages say everything.
const PLAIN_ERRORS = ['Error', 'RestError', 'SettingsError', 'ConnectTimeOut'];

/** Name, message and causes of an error, without details: those may hold form data. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, hops = 0; at !== undefined && at !== null && hops < 5; hops++) {
    if (!(at instanceof Error)) {
      parts.push(typeof at === 'string' ? messageInside(at) : 'unknown error');
      break;
    }
    const code = (at as { code?: unknown }).code;
    const text = at.message === '' && typeof code === 'string' ? code : at.message;
    if (!parts.some((part) => part.endsWith(text)))
      parts.push(PLAIN_ERRORS.includes(at.name) ? text : `${at.name}: ${text}`);
    at = at.cause;
  }
  return parts.join(' <- ').replace(OBEYED, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** What a server says may hold characters that a terminal obeys: controls but line ends, direction marks, invisible ones. */
const OBEYED = /(?!\n)[\p{Cc}\p{Bidi_Control}\u200b-\u200d\u2028\u2029\u2060-\u2064\ufeff]/gu;

/** Temporal's core prints whole structures, details of failures included: only their message stays. */
function messageInside(text: string): string {
  if (!/^\w+ \{/.test(text)) return text;
  const quoted = /\bmessage: ("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  return quoted === undefined ? (text.split(' ', 1)[0] ?? '') : quoted.slice(1, -1).replaceAll('\\"', '"');
}

function lineOf(record: LogRecord): string {
  const { time, level, message, ...rest } = record;
  const shown = Object.entries(rest)
    .filter(([field]) => !['sdkComponent', 'namespace', 'taskQueue', 'workflowRunId', 'runId'].includes(field))
    .map(([field, value]) => `${field}=${String(value)}`);
  return [time.slice(11, 19), level.padEnd(5), message, ...shown].join(' ');
}

function nonDeterminismHint(message: string, meta: LogMetadata): string | undefined {
  const text = `${message} ${describeError(meta['error'] ?? meta['err'] ?? meta['failure'])}`;
  if (!/TMPRL1100|non-?determinis[mt]|DeterminismViolation/i.test(text)) return undefined;
  return (
    'The workflow code no longer fits the history of a process that is still running. ' +
    'In development: undo the change, or cancel that process and start another. ' +
    'In production: keep the old path behind patched(), see "Changing a workflow that is running" in README.md.'
  );
}
