import { execFileSync } from 'node:child_process';
import which from 'which';

/**
 * In CI, installs system packages for the tests if possible, and prints the result. Returns whether they are installed.
 * @param {readonly string[]} names
 */
export function installInCI(names, say = console.log) {
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
    say(`Installed with apt-get: ${listed} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
    return true;
  } catch (error) {
    say(`Could not install ${listed}: ${error.stderr || error.message}`);
    return false;
  }
}
