/** The symbols for the results of a step, and the frames of the spinner. */
export interface Marks {
  readonly done: string;
  readonly failed: string;
  readonly warning: string;
  readonly skipped: string;
  readonly unknown: string;
  /** Before what the user can do next. */
  readonly step: string;
  readonly frames: readonly string[];
}

const UNICODE: Marks = {
  done: '✔',
  failed: '✖',
  warning: '!',
  skipped: '-',
  unknown: '?',
  step: '→',
  frames: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: Marks = { ...UNICODE, done: '+', failed: 'x', step: '->', frames: ['-', '\\', '|', '/'] };

/**
 * Symbols that the terminal can display. The fonts of the Linux console and of the old Windows console lack most of Unicode. Modern terminals
 * on Windows are recognized by the variables that they set.
 */
export function marksFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Marks {
  if (platform !== 'win32') return env['TERM'] === 'linux' ? ASCII : UNICODE;
  const modern =
    (env['WT_SESSION'] ?? env['ConEmuTask'] ?? env['TERMINUS_SUBLIME'] ?? '') !== '' ||
    env['TERM_PROGRAM'] === 'vscode' ||
    ['xterm-256color', 'alacritty'].includes(env['TERM'] ?? '') ||
    env['TERMINAL_EMULATOR'] === 'JetBrains-JediTerm';
  return modern ? UNICODE : ASCII;
}
