import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

// The only metadata that is logged. Other fields may contain form data, such as the arguments of workflows and activities.
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
  /** `json`: one object per line, for machines. `text`: for a terminal. */
  readonly format: 'json' | 'text';
  readonly write: (line: string) => void;
}

/** What Temporal's SDK says at each start: how it bundles the workflows, and that this worker has no Nexus services. */
const START_DETAILS = /^(?:asset |Workflow bundle created|No Nexus services registered)/;

/** The logger of this worker and of Temporal's SDK. */
export function createLogger(options: LogOptions): Logger {
  const log = (sdkLevel: LogLevel, message: string, meta: LogMetadata = {}): void => {
    const level = sdkLevel === 'INFO' && START_DETAILS.test(message) ? 'DEBUG' : sdkLevel;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    // The bundler reports many lines. The first one is enough.
    const short = level === 'INFO' || level === 'DEBUG' ? (message.split('\n', 1)[0] ?? '') : message;
    const record = toRecord(level, short, meta);
    options.write(options.format === 'json' ? JSON.stringify(record) : formatText(record));
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

function toRecord(level: LogLevel, message: string, meta: LogMetadata): LogRecord {
  const record: LogRecord = { time: new Date().toISOString(), level, message };
  // KuFlow uses the id of the process as the workflow ID.
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

// Errors whose names add nothing to their messages.
const PLAIN_ERRORS = ['Error', 'RestError', 'SettingsError', 'ConnectTimeoutError'];

/** Name, message and causes of an error. Leaves out the details, which may contain form data. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, hops = 0; at !== undefined && at !== null && hops < 5; hops++) {
    if (!(at instanceof Error)) {
      parts.push(typeof at === 'string' ? (parseCoreFailure(at)?.message ?? at) : 'unknown error');
      break;
    }
    const code = (at as { code?: unknown }).code;
    const text = at.message === '' && typeof code === 'string' ? code : at.message;
    if (!parts.some((part) => part.endsWith(text)))
      parts.push(PLAIN_ERRORS.includes(at.name) ? text : `${at.name}: ${text}`);
    at = at.cause;
  }
  return parts
    .join(' <- ')
    .replace(TERMINAL_CONTROLS, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Characters in a server's message that affect a terminal: controls other than line feeds, direction marks, invisible characters. */
const TERMINAL_CONTROLS = /(?!\n)[\p{Cc}\p{Bidi_Control}\u200b-\u200d\u2028\u2029\u2060-\u2064\ufeff]/gu;

/**
 * The failure in a text of Temporal's core, which logs whole structures. Only message and stack: the details may contain form
 * data. Undefined for a text that is not a structure.
 */
export function parseCoreFailure(text: string): { readonly message: string; readonly stack: string } | undefined {
  const structure = /^\w+(?= \{)/.exec(text)?.[0];
  if (structure === undefined) return undefined;
  const field = (name: string): string | undefined => {
    const written = new RegExp(`\\b${name}: "((?:[^"\\\\]|\\\\.)*)"`).exec(text)?.[1];
    return written?.replace(ESCAPE, (_, code: string, hex?: string) =>
      hex === undefined ? (ESCAPES[code] ?? code) : String.fromCodePoint(Number.parseInt(hex, 16)),
    );
  };
  return { message: field('message') ?? structure, stack: framesOf(field('stack_trace')) };
}

/** How core writes special characters of a text. */
const ESCAPE = /\\(u\{([0-9a-f]{1,6})\}|.)/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** The frames of a stack, one per line. Everything before them repeats the message of the error. */
function framesOf(stack = ''): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

function formatText(record: LogRecord): string {
  const { time, level, message, ...rest } = record;
  const fields = Object.entries(rest)
    .filter(([field]) => !['sdkComponent', 'namespace', 'taskQueue', 'workflowRunId', 'runId'].includes(field))
    .map(([field, value]) => `${field}=${String(value)}`);
  return [time.slice(11, 19), level.padEnd(5), message, ...fields].join(' ');
}

function nonDeterminismHint(message: string, meta: LogMetadata): string | undefined {
  const text = `${message} ${describeError(meta['error'] ?? meta['err'] ?? meta['failure'])}`;
  if (!/TMPRL1100|non-?determinis[mt]|DeterminismViolation/i.test(text)) return undefined;
  return (
    'The workflow code no longer matches the history of a running process. ' +
    'In development, undo the change, or cancel the process and start another one. ' +
    'In production, keep the old path behind patched(); see "Change a running workflow" in README.md.'
  );
}
