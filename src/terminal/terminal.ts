import { stringifyForTerminal } from './json.ts';
import { marksFor, type Marks } from './marks.ts';

/** An output stream. */
export interface Channel {
  readonly isTTY: boolean;
  /** Width in characters; 80 if it is not a terminal or the terminal does not report a width. */
  readonly columns: number;
  /** Color may be used: it is a terminal, and neither `NO_COLOR` nor `TERM=dumb` is set. */
  readonly color: boolean;
  /** Lines may be redrawn: it is a terminal, and neither `ACCESSIBLE` (screen readers) nor `TERM=dumb` is set. */
  readonly live: boolean;
  readonly marks: Marks;
  /** Bytes that the reader of the stream has not read yet. */
  readonly backlog: number;
  write(text: string): void;
  line(text?: string): void;
  /** Prints JSON, indented or in one line. */
  json(value: object, indent?: 0 | 2): void;
}

/** The streams of a command: `out` for results, `err` for everything else. */
export interface Terminal {
  readonly out: Channel;
  readonly err: Channel;
  /** Prompts may be shown: stdin and stderr are terminals. */
  readonly canPrompt: boolean;
  /** The raw streams for prompts, which go to stderr. */
  readonly prompts: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };
}

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
function openChannel(open: () => OutputStream, env: NodeJS.ProcessEnv): Channel {
  const noColor = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const noRedraw = (env['ACCESSIBLE'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    get isTTY() {
      return open().isTTY === true;
    },
    get columns() {
      // A terminal without a known size reports zero.
      const { columns = 0 } = open();
      return columns > 0 ? columns : 80;
    },
    get color() {
      return open().isTTY === true && !noColor;
    },
    get live() {
      return open().isTTY === true && !noRedraw;
    },
    marks: marksFor(process.platform, env),
    get backlog() {
      return open().writableLength ?? 0;
    },
    write: (text) => void open().write(text),
    line: (text = '') => void open().write(`${text}\n`),
    json: (value, indent) => void open().write(`${stringifyForTerminal(value, indent)}\n`),
  };
}

export function openTerminal(streams: TerminalStreams, env: NodeJS.ProcessEnv): Terminal {
  const err = openChannel(() => streams.stderr, env);
  return {
    out: openChannel(() => streams.stdout, env),
    err,
    get canPrompt() {
      return streams.stdin.isTTY === true && err.isTTY;
    },
    get prompts() {
      return { input: streams.stdin, output: streams.stderr };
    },
  };
}
