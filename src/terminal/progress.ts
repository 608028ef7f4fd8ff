import { escapeForTerminal } from '../base/escape.ts';
import { palette } from './palette.ts';
import type { Channel } from './terminal.ts';
import { truncateToWidth, wrapText } from './wrap.ts';

export type StepEnd = 'done' | 'failed' | 'warning' | 'skipped' | 'unknown';

/** Steps of long work, one after the other. */
export interface Progress {
  /** A step begins; one that still runs is ended as done. */
  begin(title: string): void;
  /** What the running step does right now; may come from a child process or a server. */
  detail(text: string): void;
  /** The running step ends, with another title if given. Without a running step a line is printed. */
  end(how: StepEnd, title?: string): void;
  /** A line that stays, while the running step goes on. */
  note(text: string, how?: StepEnd): void;
  /** Takes the live line away. */
  stop(): void;
}

const FRAME_MS = 100;
// Where there is no terminal, a log that stands still this long looks dead.
const HEARTBEAT_MS = 10_000;

/** `1.2 s` from a second on, else nothing worth saying. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return '';
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A live line where lines may be drawn again, plain lines elsewhere: one when a step begins, one every ten seconds, one when it ends. */
export function openProgress(channel: Channel, now: () => number = () => performance.now()): Progress {
  const colours = palette(channel);
  const painted: Readonly<Record<StepEnd, (text: string) => string>> = {
    done: colours.green,
    failed: colours.red,
    warning: colours.yellow,
    skipped: colours.dim,
    unknown: colours.yellow,
  };
  const line = (text: string): void => channel.line(channel.isTTY ? wrapText(text, channel.columns) : text);
  let running: { title: string; started: number; detail: string } | undefined;
  let frame = 0;
  let live = false;
  let timer: NodeJS.Timeout | undefined;

  const erase = (): void => {
    if (live) channel.write('\r\x1b[2K');
    live = false;
  };
  const paint = (): void => {
    if (running === undefined) return;
    frame = (frame + 1) % channel.marks.frames.length;
    const spent = formatDuration(now() - running.started);
    const parts = [running.title, spent, running.detail].filter((part) => part !== '');
    // The last column stays free: a full line would wrap, and only its second half would be erased.
    const text = truncateToWidth(escapeForTerminal(parts.join(' · ')), Math.max(10, channel.columns - 3));
    channel.write(`\r\x1b[2K${colours.cyan(channel.marks.frames[frame] ?? '')} ${text}`);
    live = true;
  };
  const beat = (): void => {
    if (running === undefined) return;
    const spent = formatDuration(now() - running.started);
    channel.line(
      `  ${escapeForTerminal([`still: ${running.title}`, spent, running.detail].filter((part) => part !== '').join(' · '), 200)}`,
    );
  };
  const finish = (how: StepEnd, title: string, ms: number): void => {
    const spent = formatDuration(ms);
    const mark = painted[how](channel.marks[how]);
    line(`${mark} ${escapeForTerminal(title, 2000)}${spent === '' ? '' : colours.dim(` (${spent})`)}`);
  };
  const clear = (): void => {
    clearInterval(timer);
    timer = undefined;
    erase();
  };
  const progress: Progress = {
    begin(title) {
      if (running !== undefined) progress.end('done');
      running = { title, started: now(), detail: '' };
      if (channel.live) paint();
      else line(`· ${escapeForTerminal(title, 2000)}`);
      timer = setInterval(channel.live ? paint : beat, channel.live ? FRAME_MS : HEARTBEAT_MS);
      timer.unref();
    },
    detail(text) {
      if (running !== undefined) running.detail = text.trim();
    },
    end(how, title) {
      clear();
      const ended = running;
      running = undefined;
      finish(how, title ?? ended?.title ?? '', ended === undefined ? 0 : now() - ended.started);
    },
    note(text, how) {
      erase();
      line(`${how === undefined ? '' : `${painted[how](channel.marks[how])} `}${escapeForTerminal(text, 2000)}`);
      if (channel.live) paint();
    },
    stop() {
      clear();
      running = undefined;
    },
  };
  return progress;
}
