import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { createRepeats, withoutIds } from './log-repeats.ts';
import { redact, WITHOUT_VALUES } from './redaction.ts';
import type { LogFormat } from './settings.ts';

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

export interface LogOptions {
  readonly level: LogLevel;
  /** `json`: one object per line, for machines. `pretty`: for a terminal. */
  readonly format: LogFormat;
  /** Which frames the stack of an error has: all, or only those of the project and of this library. */
  readonly frames: 'all' | 'own';
  readonly write: (line: string) => void;
}

/** What Temporal's SDK logs at each start: how it bundles the workflows, and that this worker has no Nexus services. */
const START_DETAILS = /^(?:asset |Workflow bundle created|No Nexus services registered)/;

const NON_DETERMINISM = /TMPRL1100|non-?determinis[mt]|DeterminismViolation/i;
const NON_DETERMINISM_HINT =
  'The workflow code no longer matches the history of a running process. ' +
  'In development, undo the change, or cancel the process and start another one. ' +
  'In production, keep the old path behind patched(); see "Change a running workflow" in README.md.';

/** The logger of this worker and of Temporal's SDK. Logs a failure in full once, and then how often it happens again. */
export function createLogger(options: LogOptions): Logger {
  const addProcess = createProcessMemory();
  const print = (record: LogRecord): void =>
    options.write(options.format === 'json' ? JSON.stringify(record) : formatPretty(record));
  const repeats = createRepeats<LogRecord>((last, times) => {
    const message = `${last.message} (again, ${times} ${times === 1 ? 'time' : 'times'} in the last minute)`;
    print({ ...last, time: new Date().toISOString(), message, times });
  });

  const log = ({ message, ...entry }: LogEntry): void => {
    const meta = addProcess(entry.meta ?? {});
    const level = entry.level === 'INFO' && START_DETAILS.test(message) ? 'DEBUG' : entry.level;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    // The bundler reports many lines. The first one is enough.
    const short = level === 'INFO' || level === 'DEBUG' ? (message.split('\n', 1)[0] ?? '') : message;
    const record = toRecord(level, short, meta);
    const { error, processId = '' } = record;
    if (error !== undefined && (level === 'WARN' || level === 'ERROR')) {
      const { workflowType, activityType, operation } = record;
      const stack = describeStack(errorOf(meta), options.frames, hidesValues(meta));
      const place = stack.split('\n', 1)[0];
      const failure = withoutIds([message, workflowType, activityType, operation, error].join(' '));
      if (repeats.isRepeated(`${failure} ${place}`, processId, record)) return;
      // The SDK logs some errors twice, once without their names. And the same error has the same stack in another process.
      const unnamed = withoutIds(error.replace(/^\w+: /, ''));
      if (stack !== '' && repeats.isNew(`${unnamed} ${place}`)) record.stack = stack;
    }
    print(record);
    if (NON_DETERMINISM.test(`${message} ${error}`)) {
      const explained = toRecord('ERROR', 'Non-determinism error', { ...meta, ...NO_ERROR });
      print({ ...explained, hint: NON_DETERMINISM_HINT });
    }
  };
  // On every level, because `addProcess` needs the SDK's lines of level TRACE.
  return new DefaultLogger('TRACE', log);
}

type LogRecord = {
  time: string;
  level: LogLevel;
  message: string;
  processId?: string;
  error?: string;
  stack?: string;
} & Record<string, unknown>;

const MAX_RUNS = 2_000;

/** Adds the process to lines that name only the run of a workflow, such as "Failing workflow task" of Temporal's core. */
function createProcessMemory(): (meta: LogMetadata) => LogMetadata {
  const runs = new Map<string, LogMetadata>();
  return (meta) => {
    const runId: unknown = meta['runId'] ?? meta['workflowRunId'];
    if (typeof runId !== 'string') return meta;
    const { workflowId, workflowType }: LogMetadata = meta;
    if (workflowId === undefined) return { ...runs.get(runId), ...meta };
    // The SDK logs each activation of a workflow, at least at level TRACE. The latest run is the last one in the map.
    runs.delete(runId);
    runs.set(runId, { workflowId, workflowType });
    const oldest = runs.size > MAX_RUNS ? runs.keys().next().value : undefined;
    if (oldest !== undefined) runs.delete(oldest);
    return meta;
  };
}

const NO_ERROR = { error: undefined, err: undefined, failure: undefined };
const errorOf = (meta: LogMetadata): unknown => meta['error'] ?? meta['err'] ?? meta['failure'];
/** Whether a line is about an activity: the messages of its errors may contain form data. */
const hidesValues = (meta: LogMetadata): boolean => meta['activityType'] !== undefined;

/** Fields that are part of every line, or are logged in another form. */
const RESERVED = ['time', 'level', 'message', 'stack', 'workflowId', ...Object.keys(NO_ERROR)];

/** Temporal's core logs whole structures, which may contain form data. Only these of its fields are logged. */
const CORE_FIELDS = ['sdkComponent', 'runId', 'workflowType', 'activityType', 'activityId', 'attempt'];

/** The words in the name of a field that may contain form data, such as the arguments of an activity. */
const FORM_DATA =
  /^(?:args?|arguments?|inputs?|outputs?|results?|values?|data|details?|payloads?|body|content|forms?|answers?|metadata|memo|headers?|entity|entities)$/;
/** How a word in the name of a field that may contain a secret ends. */
const SECRET =
  /(?:tokens?|secrets?|passwords?|passwd|pwd|passphrase|credentials?|keys?|pem|auth|authorization|cookies?|signature)\d*$/;

/** Whether a field may contain a secret or form data, by the words of its name. */
function isPrivate(field: string): boolean {
  const words = field
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u);
  return words.some((word) => FORM_DATA.test(word) || SECRET.test(word));
}

function toRecord(level: LogLevel, message: string, meta: LogMetadata): LogRecord {
  const record: LogRecord = { time: new Date().toISOString(), level, message: escapeControls(message) };
  // KuFlow uses the id of the process as the workflow ID.
  const workflowId: unknown = meta['workflowId'];
  if (typeof workflowId === 'string') record.processId = workflowId;
  const isCore = meta['sdkComponent'] === 'core';
  // Temporal's SDK adds the whole task to the line if it cannot decode the input of an activity.
  const hasTask = meta['taskEncoded'] !== undefined;
  for (const [field, value] of Object.entries(meta)) {
    if (hasTask && (field === 'task' || field === 'taskEncoded')) continue;
    if (RESERVED.includes(field) || (isCore ? !CORE_FIELDS.includes(field) : isPrivate(field))) continue;
    if (typeof value === 'string') record[field] = escapeControls(value);
    // Objects may contain anything.
    else if (typeof value === 'number' || typeof value === 'boolean') record[field] = value;
  }
  const error = errorOf(meta);
  if (error !== undefined && error !== null) record.error = describeError(error, hidesValues(meta));
  return record;
}

// Errors whose names add nothing to their messages.
const PLAIN_ERRORS = ['Error', 'RestError', 'SettingsError', 'TimeoutError'];

/** An error and its causes, at most five. */
function withCauses(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && chain.length < 5; at = at instanceof Error ? at.cause : null)
    chain.push(at);
  return chain;
}

/** Name and message of one error. Leaves out the details, which may contain form data. */
function messageOf(error: unknown, withoutValues: boolean): string {
  const hide = (text: string): string => (withoutValues ? redact(text) : text);
  if (!(error instanceof Error))
    return typeof error === 'string' ? hide(parseCoreFailure(error)?.message ?? error) : 'unknown error';
  const { code, type } = error as { code?: unknown; type?: unknown };
  const text = error.message === '' && typeof code === 'string' ? code : error.message;
  const shown = WITHOUT_VALUES.includes(String(type)) ? text : hide(text);
  return PLAIN_ERRORS.includes(error.name) ? shown : `${error.name}: ${shown}`;
}

/** An error and its causes with their messages. The errors of KuFlow's client and below have no form data. */
function messagesOf(error: unknown, withoutValues: boolean): readonly { readonly at: unknown; readonly text: string }[] {
  const chain = withCauses(error);
  const client = chain.findIndex((at) => at instanceof Error && at.name === 'RestError');
  return chain.map((at, hop) => ({ at, text: messageOf(at, withoutValues && (client < 0 || hop < client)) }));
}

/** Names and messages of an error and its causes. Leaves out the details, and `withoutValues` what may be form data in messages. */
export function describeError(error: unknown, withoutValues = false): string {
  const parts: string[] = [];
  for (const { at, text } of messagesOf(error, withoutValues)) {
    const message = at instanceof Error && at.message !== '' && !withoutValues ? at.message : text;
    if (!parts.some((other) => other.endsWith(message))) parts.push(text);
  }
  return escapeControls(parts.join(' <- '));
}

/** The frames of an error and its causes, without their messages. */
function describeStack(error: unknown, frames: LogOptions['frames'], withoutValues: boolean): string {
  const parts = messagesOf(error, withoutValues).flatMap(({ at, text }, hop) => {
    const stack = at instanceof Error ? framesOf(at.stack) : (parseCoreFailure(String(at))?.stack ?? '');
    const lines = stack.split('\n').filter((line) => line !== '' && (frames === 'all' || !FOREIGN_FRAME.test(line)));
    if (lines.length === 0) return [];
    return [...(hop === 0 ? [] : [`  caused by ${text.split('\n', 1)[0]}`]), ...lines];
  });
  return escapeControls(parts.join('\n'));
}

/** Where the code of the project failed: a file and a line. Undefined if the error does not say. */
export function placeOf(error: unknown): string | undefined {
  return /([^\s(]+:\d+):\d+\)?$/m.exec(describeStack(error, 'own', true))?.[1];
}

/** The frames of a stack, one per line. Everything before them repeats the message of the error. */
function framesOf(stack = ''): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

/** A frame of a package other than this library, of Node.js, or of the workflow sandbox. */
const FOREIGN_FRAME =
  /[\\/]node_modules[\\/](?!(?:.*[\\/]node_modules[\\/])?kuflow-worker[\\/])|node:|<anonymous>|evalmachine\.|workflow-bundle/;

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
  return {
    message: field('message') ?? structure,
    stack: framesOf(field('stack_trace')),
  };
}

/** How Temporal's core escapes special characters. */
const ESCAPE = /\\(u\{([0-9a-f]{1,6})\}|.)/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** Characters in a server's message that affect a terminal: controls other than line feeds, direction marks, invisible characters. */
const TERMINAL_CONTROLS = /(?!\n)[\p{Cc}\p{Bidi_Control}\u200b-\u200d\u2028\u2029\u2060-\u2064\ufeff]/gu;

function escapeControls(text: string): string {
  return text.replace(TERMINAL_CONTROLS, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Fields that are the same in most lines of a terminal. */
const NOT_PRETTY = ['sdkComponent', 'namespace', 'taskQueue', 'workflowRunId', 'runId', 'isLocal', 'times'];

function formatPretty(record: LogRecord): string {
  const { time, level, message, stack, ...rest } = record;
  const fields = Object.entries(rest)
    .filter(([field]) => !NOT_PRETTY.includes(field))
    .map(([field, value]) => `${field}=${String(value)}`);
  const line = [time.slice(11, 19), level.padEnd(5), message, ...fields].join(' ');
  return stack === undefined ? line : `${line}\n${stack}`;
}
