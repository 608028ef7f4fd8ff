import which from 'which';
import { installInCI } from './system-packages.mjs';

/** The programs that build and run the images of the tests, and that create their base images from Debian's packages. */
const PROGRAMS = ['buildah', 'podman', 'runc', 'mmdebstrap'];

/** Why the tests that build and run images are skipped; undefined if they run. */
export function missingContainers() {
  if (process.platform !== 'linux') return 'they run on Linux';
  if (process.getuid?.() !== 0) return 'they need root';
  const missing = missingPrograms();
  return missing.length === 0 ? undefined : `these programs are not installed: ${missing.join(', ')}`;
}

/** In CI, installs what the tests of images need if possible. Prints whether they run. */
export function provideContainers(say = console.log) {
  if (process.platform === 'linux' && missingPrograms().length > 0) installInCI(PROGRAMS, say);
  const missing = missingContainers();
  say(
    missing === undefined
      ? `Containers: ${PROGRAMS.join(', ')}`
      : `Containers: the tests are skipped, because ${missing}`,
  );
}

const missingPrograms = () => PROGRAMS.filter((name) => which.sync(name, { nothrow: true }) === null);
