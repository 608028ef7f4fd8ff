// Records a shell in which a script types as a person would, as an asciicast.
import { openSession } from '../terminal-session.mjs';

const KEY_S = 0.06;
const LONGEST_IDLE_S = 1.6;
const PROMPT = '$ ';

/**
 * Opens a shell of 80 columns. Waits are cut to `LONGEST_IDLE_S`. The time a person needs to type and read is added to the clock of the
 * recording instead of being waited for.
 * @param {{ cwd: string, env: Record<string, string | undefined>, title: string, columns?: number, rows?: number }} options
 */
export async function openRecording({ cwd, env, title, columns = 80, rows = 24 }) {
  const outputs = [];
  let at = 0;
  let heard;
  let thinking = 0;
  let paused = 0;
  // Only output after a key press waits for the person, because a question may be drawn in several pieces.
  const think = (seconds) => {
    thinking += paused + seconds;
    paused = 0;
  };
  const session = openSession('sh', ['-i'], {
    cwd,
    env: { ...env, TERM: 'xterm-256color', PS1: PROMPT },
    columns,
    rows,
    onOutput: (text) => {
      const now = performance.now() / 1000;
      if (heard !== undefined) at += Math.min(now - heard, LONGEST_IDLE_S);
      at += thinking;
      heard = now;
      thinking = 0;
      outputs.push({ at, text });
    },
  });
  await session.until((screen) => screen === PROMPT.trim());

  return {
    everything: session.everything,
    until: session.until,
    /** Waits until the wizard asks this question. */
    asked: (/** @type {string} */ question) =>
      session.until((screen) => {
        const at = screen.lastIndexOf('\n? ');
        return at !== -1 && screen.slice(at).includes(question);
      }),
    /** The time a person would take before the next key. */
    pause: (/** @type {number} */ seconds) => {
      paused += seconds;
    },
    /** Types key by key; each key is sent when the screen shows the previous one. */
    async type(/** @type {string} */ text) {
      for (const key of text) {
        const before = session.pieces();
        think(KEY_S);
        session.type(key);
        await session.until(() => session.pieces() > before);
      }
    },
    /** A single key such as return, an arrow or Ctrl-C. */
    async press(/** @type {keyof typeof KEYS} */ key, seconds = 0.4) {
      const before = session.pieces();
      think(seconds);
      session.type(KEYS[key]);
      await session.until(() => session.pieces() > before);
    },
    /** Waits for the shell prompt. */
    prompt: (within = 240_000) => session.until((screen) => screen.split('\n').at(-1) === PROMPT.trim(), within),
    /** Ends the shell and returns the recording. */
    async end() {
      const recorded = [...outputs];
      session.type('exit\r');
      await session.ended;
      return { columns, rows, title, outputs: recorded };
    },
    kill: session.kill,
  };
}

const KEYS = { enter: '\r', up: '\x1b[A', down: '\x1b[B', interrupt: '\x03' };
