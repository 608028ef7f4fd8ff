// Isolated runs: without a network, with a network that only records what is requested, on a small disk, as another user.
import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RECORDER = fileURLToPath(new URL('name-recorder.mjs', import.meta.url));

const works = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Why this machine cannot isolate a run in this way, or undefined. */
export const lacks = {
  offline: once(() => (works('unshare', ['-rn', 'true']) ? undefined : 'no network namespaces here (unshare -rn)')),
  names: once(() =>
    works('unshare', ['-rnm', 'ip', 'link', 'set', 'lo', 'up'])
      ? undefined
      : 'no network namespaces here (unshare -rnm, ip)',
  ),
  disk: once(() =>
    works('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'small', '/mnt'])
      ? undefined
      : 'no mount namespaces here (unshare -rm)',
  ),
  otherUser: once(() =>
    works('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', '0'])
      ? undefined
      : 'needs to become another user (setpriv as root)',
  ),
};

export const OFFLINE = ['unshare', '-rn'];
export const OTHER_USER = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** A command prefix that limits the folder of the run to 24 kB; `left` reads what the command left there. */
export function onSmallDisk(place) {
  const list = join(place.place, 'left.txt');
  const script = [
    'mount -t tmpfs -o size=24k small "$0" && cd "$0" || exit 99',
    '"$@"; status=$?',
    `find . -type f > '${list}'; exit $status`,
  ].join('\n');
  return {
    wrap: ['unshare', '-rm', 'sh', '-c', script, place.cwd],
    left: async () => (await readFile(list, 'utf8')).split('\n').filter((path) => path !== ''),
  };
}

/** A command prefix with a name server, and with `proxy` an HTTP proxy, that reject everything; `asked` reads what was requested. */
export function askingNames(place, { proxy }) {
  const list = join(place.place, `names-${proxy ? 'proxy' : 'direct'}.json`);
  return {
    wrap: ['unshare', '-rnm', process.execPath, RECORDER, list, proxy ? 'proxy' : 'direct'],
    asked: async () => {
      const asked = JSON.parse(await readFile(list, 'utf8'));
      await rm(list);
      return asked;
    },
  };
}

function once(ask) {
  let answer;
  return () => {
    answer ??= { value: ask() };
    return answer.value;
  };
}
