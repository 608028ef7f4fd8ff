import { marksFor, type Marks } from './marks.ts';

/** One stream of text. */
export interface Channel {
  readonly isTTY: boolean;
  /** Width in characters; 80 where there is no terminal, and where it does not know its own. */
  readonly columns: number;
  /** Colour may be used: a terminal, and neither `NO_COLOR` nor `TERM=dumb`. */
  readonly color: boolean;
  /** Lines may be drawn again: a terminal, and nobody who hears it instead of seeing it (`ACCESSIBLE`, `TERM=dumb`). */
  readonly live: boolean;
  readonly marks: Marks;
  write(text: string): void;
  line(text?: string): void;
}

/** Where a command talks: `out` for results, `err` for everything else. */
export interface Terminal {
  readonly out: Channel;
  readonly err: Channel;
  /** Questions may be asked: stdin and stderr are terminals. */
  readonly canPrompt: boolean;
  /** The raw streams for prompts, which go to stderr. */
  readonly prompts: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };
}

export interface TerminalStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
  readonly stderr: NodeJS.WritableStream & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
}

// Opening a standard stream costs milliseconds of a start (sockets, for pipes), so each is opened when it is first used.
function openChannel(open: () => TerminalStreams['stdout'], env: NodeJS.ProcessEnv): Channel {
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const still = (env['ACCESSIBLE'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    get isTTY() {
      return open().isTTY === true;
    },
    get columns() {
      // Zero is what a terminal reports that was given no size.
      const { columns = 0 } = open();
      return columns > 0 ? columns : 80;
    },
    get color() {
      return open().isTTY === true && !plain;
    },
    get live() {
      return open().isTTY === true && !still;
    },
    marks: marksFor(process.platform, env),
    write: (text) => void open().write(text),
    line: (text = '') => void open().write(`${text}\n`),
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
