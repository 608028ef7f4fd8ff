/** A command in a pseudo-terminal with a real terminal emulator behind it. */
export interface TerminalSession {
  readonly pid: number;
  type(text: string): void;
  /** The text on the screen, without the blanks at the ends of its lines. */
  screen(): string;
  /** The same with all that has scrolled away. */
  everything(): string;
  cursorHidden(): boolean;
  /** All bytes so far. */
  output(): string;
  pieces(): number;
  readonly ended: Promise<{ readonly status: number | undefined; readonly signal: number | undefined }>;
  hasEnded(): boolean;
  /** Waits until the screen holds a text, or a function of the screen's text answers something. */
  until(wanted: string | RegExp | ((screen: string) => unknown), within?: number): Promise<unknown>;
  kill(signal?: string): void;
}

export function openSession(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly columns?: number;
    readonly rows?: number;
    readonly onOutput?: (text: string) => void;
  },
): TerminalSession;
