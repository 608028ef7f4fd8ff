// The programs that tests need: a Temporal server, a browser, and what builds and runs images. In CI, some are installed if they are missing.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import which from 'which';
import { ROOT } from './bundle.mjs';

const run = (command, args) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/**
 * Finds or downloads the Temporal server for the tests, as the product does; needs a build. Sets KUFLOW_TEMPORAL_PATH and prints what was
 * found. Without a server, the tests that need it fail and name the ways to get one.
 */
export function provideTemporal(say = console.log) {
  try {
    const path =
      process.env.KUFLOW_TEMPORAL_PATH ??
      run(process.execPath, [join(ROOT, 'bin', 'kuflow.js'), 'dev', 'server-path'])
        .split('\n')
        .at(-1);
    process.env.KUFLOW_TEMPORAL_PATH = path;
    say(`Temporal: ${path}, ${run(path, ['--version'])}`);
  } catch (error) {
    say(`Temporal: none found\n${error.stderr || error.message}`);
  }
}

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

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
  for (const program of BROWSERS) {
    const path = which.sync(program, { nothrow: true, path: env.PATH ?? '' });
    if (path !== null) return path;
  }
  return INSTALLED[process.platform]?.(env).find((path) => existsSync(path));
}

/**
 * Finds the browser for the tests, sets KUFLOW_CHROMIUM and prints what was found. In CI, it is installed from the system's packages if that
 * is possible. Without a browser, the tests that need it are skipped, but fail in CI.
 */
export function provideChromium() {
  let path = findChromium();
  if (path === undefined && installInCI(['chromium'])) path = findChromium();
  if (path === undefined) {
    console.log('Chromium: none found. Install Chromium or Chrome, or set KUFLOW_CHROMIUM to its path');
    return;
  }
  process.env.KUFLOW_CHROMIUM = path;
  console.log(`Chromium: ${path}${versionOf(path)}`);
}

// On Windows, `chrome --version` opens a window.
function versionOf(path) {
  if (process.platform === 'win32') return '';
  try {
    return `, ${run(path, ['--version'])}`;
  } catch (error) {
    return `, which does not start: ${error.message}`;
  }
}

/** The programs that build and run the images of the tests, and that create their base images from Debian's packages. */
const IMAGE_PROGRAMS = ['buildah', 'podman', 'runc', 'mmdebstrap'];

/** Why the tests that build and run images are skipped; undefined if they run. */
export function missingContainers() {
  if (process.platform !== 'linux') return 'they run on Linux';
  if (process.getuid?.() !== 0) return 'they need root';
  const missing = missingPrograms();
  return missing.length === 0 ? undefined : `these programs are not installed: ${missing.join(', ')}`;
}

/** In CI, installs what the tests of images need if possible. Prints whether they run. */
export function provideContainers() {
  if (process.platform === 'linux' && missingPrograms().length > 0) installInCI(IMAGE_PROGRAMS);
  const missing = missingContainers();
  console.log(
    missing === undefined
      ? `Containers: ${IMAGE_PROGRAMS.join(', ')}`
      : `Containers: the tests are skipped, because ${missing}`,
  );
}

const missingPrograms = () => IMAGE_PROGRAMS.filter((name) => which.sync(name, { nothrow: true }) === null);

/**
 * In CI, installs system packages for the tests if possible, and prints the result. Returns whether they are installed.
 * @param {readonly string[]} names
 */
function installInCI(names) {
  if (process.env.CI !== 'true' || process.getuid?.() !== 0) return false;
  if (which.sync('apt-get', { nothrow: true }) === null) return false;
  const started = performance.now();
  const apt = (...args) =>
    execFileSync('apt-get', args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  const listed = names.join(', ');
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...names);
    console.log(`Installed with apt-get: ${listed} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
    return true;
  } catch (error) {
    console.log(`Could not install ${listed}: ${error.stderr || error.message}`);
    return false;
  }
}
