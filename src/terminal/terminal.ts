/** One stream of text. */
export interface Channel {
  readonly isTTY: boolean;
  /** Width in characters; 80 where there is no terminal. */
  readonly columns: number;
  /** Colour may be used: a terminal, and neither `NO_COLOR` nor `TERM=dumb`. */
  readonly colour: boolean;
  write(text: string): void;
  line(text?: string): void;
}

/** Where a command talks: `out` for results, `err` for everything else. */
export interface Terminal {
  readonly out: Channel;
  readonly err: Channel;
  /** Questions may be asked: stdin and stderr are terminals. */
  readonly canAsk: boolean;
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

function channel(stream: TerminalStreams['stdout'], env: NodeJS.ProcessEnv): Channel {
  const isTTY = stream.isTTY === true;
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return {
    isTTY,
    get columns() {
      return stream.columns ?? 80;
    },
    colour: isTTY && !noColor && env['TERM'] !== 'dumb',
    write: (text) => void stream.write(text),
    line: (text = '') => void stream.write(`${text}\n`),
  };
}

export function openTerminal(streams: TerminalStreams, env: NodeJS.ProcessEnv): Terminal {
  const out = channel(streams.stdout, env);
  const err = channel(streams.stderr, env);
  return {
    out,
    err,
    canAsk: streams.stdin.isTTY === true && err.isTTY,
    prompts: { input: streams.stdin, output: streams.stderr },
  };
}
