import { escapeAsPair, escapeForCompilers } from '../base/escape.ts';

/** The symbols for the results of a step, and the frames of the spinner. */
const UNICODE = {
  done: '✔',
  failed: '✖',
  warning: '!',
  skipped: '-',
  unknown: '?',
  /** Before what the user can do next. */
  step: '→',
  frames: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: typeof UNICODE = { ...UNICODE, done: '+', failed: 'x', step: '->', frames: ['-', '\\', '|', '/'] };

/**
 * Symbols that the terminal can display. The fonts of the Linux console and of the old Windows console lack most of Unicode. Modern terminals
 * on Windows are recognized by the variables that they set.
 */
export function marksFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): typeof UNICODE {
  if (platform !== 'win32') return env['TERM'] === 'linux' ? ASCII : UNICODE;
  const modern =
    (env['WT_SESSION'] ?? env['ConEmuTask'] ?? env['TERMINUS_SUBLIME'] ?? '') !== '' ||
    env['TERM_PROGRAM'] === 'vscode' ||
    ['xterm-256color', 'alacritty'].includes(env['TERM'] ?? '') ||
    env['TERMINAL_EMULATOR'] === 'JetBrains-JediTerm';
  return modern ? UNICODE : ASCII;
}

/** An output stream. */
export type Channel = ReturnType<typeof openChannel>;

/** The streams of a command: `out` for results, `err` for everything else. */
export type Terminal = ReturnType<typeof openTerminal>;

export interface TerminalStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly writableLength?: number | undefined;
}

// Opening a standard stream takes milliseconds (sockets, for pipes), so each is opened on first use.
function openChannel(open: () => OutputStream, env: NodeJS.ProcessEnv) {
  const noColor = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const noRedraw = (env['ACCESSIBLE'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    get isTTY(): boolean {
      return open().isTTY === true;
    },
    /** Width in characters; 80 if it is not a terminal or the terminal does not report a width. */
    get columns(): number {
      // A terminal without a known size reports zero.
      const { columns = 0 } = open();
      return columns > 0 ? columns : 80;
    },
    /** Color may be used: it is a terminal, and neither `NO_COLOR` nor `TERM=dumb` is set. */
    get color(): boolean {
      return open().isTTY === true && !noColor;
    },
    /** Lines may be redrawn: it is a terminal, and neither `ACCESSIBLE` (screen readers) nor `TERM=dumb` is set. */
    get live(): boolean {
      return open().isTTY === true && !noRedraw;
    },
    marks: marksFor(process.platform, env),
    /** Bytes that the reader of the stream has not read yet. */
    get backlog(): number {
      return open().writableLength ?? 0;
    },
    write: (text: string): void => void open().write(text),
    line: (text?: string): void => void open().write(`${text ?? ''}\n`),
    /** Prints JSON, indented or in one line. */
    json: (value: object, indent?: 0 | 2): void => void open().write(`${stringifyForTerminal(value, indent)}\n`),
  };
}

export function openTerminal(streams: TerminalStreams, env: NodeJS.ProcessEnv) {
  const err = openChannel(() => streams.stderr, env);
  return {
    out: openChannel(() => streams.stdout, env),
    err,
    /** Prompts may be shown: stdin and stderr are terminals. */
    get canPrompt(): boolean {
      return streams.stdin.isTTY === true && err.isTTY;
    },
    /** The raw streams for prompts, which go to stderr. */
    get prompts(): { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream } {
      return { input: streams.stdin, output: streams.stderr };
    },
  };
}

// Characters that JSON does not escape but a terminal may interpret: C1 controls, direction marks, zero-width characters.
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** JSON without characters that a terminal may interpret. It parses to the same value. */
export function stringifyForTerminal(value: object, indent: 0 | 2 = 2): string {
  return escapeJsonForTerminal(JSON.stringify(value, undefined, indent));
}

/** The same for text that is already JSON. */
export function escapeJsonForTerminal(text: string): string {
  return escapeForCompilers(text, UNSAFE, escapeAsPair);
}
