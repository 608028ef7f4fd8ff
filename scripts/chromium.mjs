import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import which from 'which';
import { installInCI } from './system-packages.mjs';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** Where installers put Chrome on systems on which it is not on the PATH. */
const INSTALLED = {
  darwin: () => ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  win32: (env) =>
    [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
};

/**
 * The browser for the tests of the console: KUFLOW_CHROMIUM, or Chromium or Chrome of this machine.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function findChromium(env = process.env) {
  if (env.KUFLOW_CHROMIUM) return env.KUFLOW_CHROMIUM;
  for (const program of PROGRAMS) {
    const path = which.sync(program, { nothrow: true, path: env.PATH ?? '' });
    if (path !== null) return path;
  }
  return INSTALLED[process.platform]?.(env).find((path) => existsSync(path));
}

/**
 * Finds the browser for the tests, sets KUFLOW_CHROMIUM and prints what was found. In CI, it is installed from the system's packages if that
 * is possible. Without a browser, the tests that need it are skipped, but fail in CI.
 */
export function provideChromium(say = console.log) {
  let path = findChromium();
  if (path === undefined && installInCI(['chromium'], say)) path = findChromium();
  if (path === undefined) {
    say('Chromium: none found. Install Chromium or Chrome, or set KUFLOW_CHROMIUM to its path');
    return;
  }
  process.env.KUFLOW_CHROMIUM = path;
  say(`Chromium: ${path}${versionOf(path)}`);
}

// On Windows, `chrome --version` opens a window.
function versionOf(path) {
  if (process.platform === 'win32') return '';
  try {
    return `, ${execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()}`;
  } catch (error) {
    return `, which does not start: ${error.message}`;
  }
}
