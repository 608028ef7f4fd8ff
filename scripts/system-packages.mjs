import { execFileSync } from 'node:child_process';
import which from 'which';

/**
 * In CI, installs packages of the system for the tests if that is possible, and prints what it did. Returns whether it did.
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
    say(
      `Installed from the packages of the system: ${listed} (${((performance.now() - started) / 1000).toFixed(0)} s)`,
    );
    return true;
  } catch (error) {
    say(`Could not be installed: ${listed}: ${error.stderr || error.message}`);
    return false;
  }
}
