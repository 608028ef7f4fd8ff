/** One sign for each way in which something ends, and the pictures of a running line. */
export interface Marks {
  readonly done: string;
  readonly failed: string;
  readonly warning: string;
  readonly skipped: string;
  readonly unknown: string;
  readonly frames: readonly string[];
}

const UNICODE: Marks = {
  done: '✔',
  failed: '✖',
  warning: '!',
  skipped: '-',
  unknown: '?',
  frames: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: Marks = { ...UNICODE, done: '+', failed: 'x', frames: ['-', '\\', '|', '/'] };

/**
 * Signs that the terminal can draw: the fonts of Linux's own console and of Windows' old one lack most of Unicode. Which programs of
 * Windows bring better ones is told by the variables that they set.
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
