import { escapeForTerminal } from '../base/escape.ts';
import { palette } from './palette.ts';
import type { Channel } from './terminal.ts';
import { truncateToWidth, wrapForChannel } from './wrap.ts';

export type StepEnd = 'done' | 'failed' | 'warning' | 'skipped' | 'unknown';

export function stepColors(channel: Channel): Readonly<Record<StepEnd, (text: string) => string>> {
  const { green, red, yellow, dim } = palette(channel);
  return { done: green, failed: red, warning: yellow, skipped: dim, unknown: yellow };
}

/** Shows the steps of long work, one after the other. */
export type Progress = ReturnType<typeof openProgress>;

const FRAME_MS = 100;
// Without a terminal, a log that is silent for longer looks stuck.
const HEARTBEAT_MS = 10_000;

/** `1.2 s`; empty below one second. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return '';
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A live line if the channel can redraw lines. Otherwise plain lines: when a step begins, every ten seconds, and when it ends. */
export function openProgress(channel: Channel, now: () => number = () => performance.now()) {
  const colors = palette(channel);
  const colorOf = stepColors(channel);
  const line = (text: string): void => channel.line(wrapForChannel(channel, text));
  let running: { title: string; started: number; detail: string; live: boolean } | undefined;
  let frame = 0;
  let live = false;
  let timer: NodeJS.Timeout | undefined;

  const erase = (): void => {
    if (live) channel.write('\r\x1b[2K');
    live = false;
  };
  const describe = ({ title, started, detail }: NonNullable<typeof running>): string =>
    [title, formatDuration(now() - started), detail].filter((part) => part !== '').join(' · ');
  const paint = (): void => {
    if (running === undefined) return;
    frame = (frame + 1) % channel.marks.frames.length;
    // Keep the last column free: a full line would wrap, and only its second half would be erased.
    const text = truncateToWidth(escapeForTerminal(describe(running)), Math.max(10, channel.columns - 3));
    channel.write(`\r\x1b[2K${colors.cyan(channel.marks.frames[frame] ?? '')} ${text}`);
    live = true;
  };
  const beat = (): void => {
    if (running !== undefined) channel.line(`  ${escapeForTerminal(describe(running), 200)}`);
  };
  const finish = (how: StepEnd, title: string, ms: number): void => {
    const spent = formatDuration(ms);
    const mark = colorOf[how](channel.marks[how]);
    line(`${mark} ${escapeForTerminal(title, 2000)}${spent === '' ? '' : colors.dim(` (${spent})`)}`);
  };
  const clear = (): void => {
    clearInterval(timer);
    timer = undefined;
    erase();
  };
  const progress = {
    /**
     * Begins a step. If another one is running, it is ended as done. `live: false` prints plain lines, for a step during which a child process
     * writes to the same terminal.
     */
    begin(title: string, options?: { readonly live?: boolean }): void {
      if (running !== undefined) progress.end('done');
      const isLive = channel.live && options?.live !== false;
      running = { title, started: now(), detail: '', live: isLive };
      if (isLive) paint();
      else line(`· ${escapeForTerminal(title, 2000)}`);
      timer = setInterval(isLive ? paint : beat, isLive ? FRAME_MS : HEARTBEAT_MS);
      timer.unref();
    },
    /** What the running step is doing; may be text from a child process or a server. */
    detail(text: string): void {
      if (running !== undefined) running.detail = text.trim();
    },
    /** Ends the running step, optionally with another title. Without a running step, prints a line. */
    end(how: StepEnd, title?: string): void {
      clear();
      const ended = running;
      running = undefined;
      finish(how, title ?? ended?.title.replace(/…$/, '') ?? '', ended === undefined ? 0 : now() - ended.started);
    },
    /** Prints a line while the step continues. */
    note(text: string, how?: StepEnd): void {
      erase();
      line(`${how === undefined ? '' : `${colorOf[how](channel.marks[how])} `}${escapeForTerminal(text, 2000)}`);
      if (running?.live === true) paint();
    },
    /** Removes the live line. */
    stop(): void {
      clear();
      running = undefined;
    },
  };
  return progress;
}
