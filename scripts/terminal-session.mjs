// Runs a command in a pseudo-terminal with a real terminal emulator, so that a test can wait for what a person would see.
import * as pty from '@lydell/node-pty';
import headless from '@xterm/headless';

/**
 * A headless emulator. `cursorHidden()` is missing in the modes of its public interface.
 * @param {{ columns: number, rows: number }} size
 */
export function openEmulator({ columns, rows }) {
  const emulator = new headless.Terminal({ cols: columns, rows, scrollback: 2000, allowProposedApi: true });
  let hidden = false;
  const cursor = (/** @type {boolean} */ value) => (/** @type {(number | number[])[]} */ parameters) => {
    if (parameters.includes(25)) hidden = value;
    return false;
  };
  emulator.parser.registerCsiHandler({ prefix: '?', final: 'l' }, cursor(true));
  emulator.parser.registerCsiHandler({ prefix: '?', final: 'h' }, cursor(false));
  return {
    emulator,
    cursorHidden: () => hidden,
    /** Resolves when the emulator has shown the text. */
    write: (/** @type {string} */ text) => new Promise((resolve) => emulator.write(text, () => resolve(undefined))),
    /** The lines on the screen, without trailing blanks. */
    screen: () => {
      const { active } = emulator.buffer;
      const texts = [];
      for (let y = active.baseY; y < active.length; y++) texts.push(active.getLine(y)?.translateToString(true) ?? '');
      return texts.join('\n').trimEnd();
    },
    /** The same, including what has scrolled away, with wrapped lines joined. */
    everything: () => {
      const { active } = emulator.buffer;
      let text = '';
      for (let y = 0; y < active.length; y++) {
        const whole = active.getLine(y + 1)?.isWrapped !== true;
        text += `${active.getLine(y)?.translateToString(whole) ?? ''}${whole ? '\n' : ''}`;
      }
      return text.trimEnd();
    },
  };
}

/**
 * Starts a command in a pseudo-terminal. `onOutput` receives each piece before the screen shows it.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined>, columns?: number, rows?: number, onOutput?: (text: string) => void }} options
 */
export function openSession(command, args, { cwd, env, columns = 80, rows = 24, onOutput = () => {} }) {
  const { emulator, write, screen, everything, cursorHidden } = openEmulator({ columns, rows });
  const child = pty.spawn(command, [...args], { cwd, env, cols: columns, rows, name: env.TERM ?? 'xterm-256color' });
  let output = '';
  let shown = Promise.resolve();
  let pieces = 0;
  const watchers = new Set();
  child.onData((text) => {
    output += text;
    pieces++;
    onOutput(text);
    shown = write(text).then(() => watchers.forEach((look) => look()));
  });
  // Answers of the terminal to queries of the program, such as the cursor position.
  emulator.onData((text) => child.write(text));
  /** @type {Promise<{ status: number | undefined, signal: number | undefined }>} */
  const ended = new Promise((resolve) =>
    child.onExit(({ exitCode, signal }) =>
      resolve(shown.then(() => ({ status: signal ? undefined : exitCode, signal: signal || undefined }))),
    ),
  );
  let over = false;
  void ended.then(() => {
    over = true;
    watchers.forEach((look) => look());
  });

  const seen = (what, condition, within) =>
    new Promise((resolve, reject) => {
      const settle = (settled, value) => {
        clearTimeout(timer);
        watchers.delete(look);
        settled(value);
      };
      const timer = setTimeout(
        () => settle(reject, new Error(`Not within ${within / 1000} s: ${what}\n${screen()}`)),
        within,
      );
      const look = () => {
        const value = condition(screen());
        if (value) settle(resolve, value);
        else if (over) settle(reject, new Error(`The command ended before: ${what}\n${everything()}`));
      };
      watchers.add(look);
      look();
    });

  return {
    pid: child.pid,
    type: (/** @type {string} */ text) => child.write(text),
    screen,
    everything,
    cursorHidden,
    /** All bytes so far. */
    output: () => output,
    /** How many pieces of output have come; still the same later means that nothing has moved. */
    pieces: () => pieces,
    ended,
    hasEnded: () => over,
    /** Waits until the screen holds a text, or a function of the screen's text answers something. */
    until: (/** @type {string | RegExp | ((screen: string) => unknown)} */ wanted, within = 30_000) =>
      seen(
        String(wanted),
        typeof wanted === 'function'
          ? wanted
          : (text) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)),
        within,
      ),
    kill: (/** @type {string} */ signal = 'SIGKILL') => {
      if (!over) child.kill(process.platform === 'win32' ? undefined : signal);
    },
  };
}
