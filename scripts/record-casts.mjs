// Records the pictures in README: `npm run casts -- [quick-start] [wizard]`. Each is a real run of the packed package in a pseudo-terminal, stored as
// an asciicast in docs/casts and drawn from it. `--draw` only redraws.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './bundle.mjs';
import { readCast, shortenTurning, tracesOf, writeCast } from './casts/cast-file.mjs';
import { drawCast } from './casts/picture.mjs';
import { openRecording } from './casts/recording.mjs';
import { startRegistry } from './casts/registry.mjs';
import { quickStart, wizard } from './casts/scenarios.mjs';
import { provideTemporal } from './test-programs.mjs';

const CASTS = [quickStart, wizard];
const LARGEST_PICTURE = 150_000;
const folder = join(ROOT, 'docs', 'casts');

const { positionals, values } = parseArgs({ allowPositionals: true, options: { draw: { type: 'boolean' } } });
const unknown = positionals.filter((name) => !CASTS.some((cast) => cast.name === name));
if (unknown.length > 0) {
  console.error(`No such cast: ${unknown.join(', ')}. There are ${CASTS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const wanted = CASTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

await mkdir(folder, { recursive: true });
if (values.draw !== true) await record();
for (const { name } of wanted) await draw(name);

async function record() {
  provideTemporal((text) => console.error(text));
  const home = await mkdtemp(join(tmpdir(), 'kuflow-casts-'));
  let registry;
  try {
    const prepared = await prepare(home);
    registry = await startRegistry(prepared);
    const env = { ...prepared.env, npm_config_registry: registry.url };
    for (const cast of wanted) {
      const cwd = join(home, 'package', cast.name);
      await mkdir(cwd);
      console.error(`record ${cast.name}`);
      const terminal = await openRecording({ cwd, env, title: cast.title, rows: cast.rows });
      try {
        await cast.drive(terminal);
        const recorded = await shortenTurning(await terminal.end());
        const traces = tracesOf(recorded, [home, ROOT, hostname(), userInfo().homedir]);
        if (traces.length > 0)
          throw new Error(
            `The recording reveals something about this machine: ${traces.join(', ')}\n${terminal.everything()}`,
          );
        await writeFile(join(folder, `${cast.name}.cast`), writeCast(recorded));
      } finally {
        terminal.kill();
      }
    }
  } finally {
    await registry?.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Packs and installs the package, and creates an environment that does not reveal anything about this machine or its user. */
async function prepare(home) {
  const run = (args, cwd) => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const shell = process.platform === 'win32';
    const { status, stdout, stderr } = spawnSync(npm, args, { cwd, encoding: 'utf8', shell });
    if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}\n${stderr}`);
    return stdout.trim();
  };
  const installed = join(home, 'package');
  await mkdir(installed);
  await mkdir(join(home, 'home'));
  await writeFile(join(installed, 'package.json'), '{"private":true}\n');
  const [{ filename }] = JSON.parse(run(['pack', '--ignore-scripts', '--json', '--pack-destination', home], ROOT));
  run(['install', '--no-audit', '--no-fund', join(home, filename)], installed);
  return {
    manifest: JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')),
    tarball: await readFile(join(home, filename)),
    real: run(['config', 'get', 'registry'], installed),
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: join(home, 'home'),
      LANG: 'C.UTF-8',
      KUFLOW_TEMPORAL_PATH: process.env.KUFLOW_TEMPORAL_PATH,
      GIT_AUTHOR_NAME: 'You',
      GIT_AUTHOR_EMAIL: 'you@example.com',
      GIT_COMMITTER_NAME: 'You',
      GIT_COMMITTER_EMAIL: 'you@example.com',
      // npm uses its usual registry, although HOME is another folder.
      npm_config_cache: run(['config', 'get', 'cache'], installed),
      npm_config_userconfig: run(['config', 'get', 'userconfig'], installed),
      npm_config_update_notifier: 'false',
    },
  };
}

async function draw(name) {
  const cast = readCast(await readFile(join(folder, `${name}.cast`), 'utf8'));
  const svg = await drawCast(cast);
  if (svg.length > LARGEST_PICTURE)
    throw new Error(`${name}.svg has ${svg.length} bytes, more than ${LARGEST_PICTURE}`);
  await writeFile(join(folder, `${name}.svg`), svg);
  console.error(
    `${name}: ${(cast.outputs.at(-1)?.at ?? 0).toFixed(1)} s, picture of ${(svg.length / 1000).toFixed(0)} kB`,
  );
}
