// Runs this package with Node for Windows under Wine: `npm run test:windows`. Needs Linux on x64; takes some minutes, so `npm test` does not run it.
// With `--smoke` it leaves out the unit tests, and with `--built` it does not build.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { runUnitTests } from './unit.mjs';
import { missingForWine, openWine } from './wine.mjs';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.test-output', 'windows');
const missing = missingForWine();
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}

const kuflow = join(ROOT, 'bin', 'kuflow.js');
const [smoke, built] = ['--smoke', '--built'].map((option) => process.argv.includes(option));
if (!built) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
mkdirSync(FOLDER, { recursive: true });
const temporal = execFileSync(process.execPath, [kuflow, 'dev', 'server-path'], { encoding: 'utf8' }).trim();
const wine = await openWine(FOLDER, { temporal });
const work = join(wine.drive, 'work');
rmSync(work, { recursive: true, force: true });
mkdirSync(work);
const archive = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], {
  ...{ cwd: ROOT, encoding: 'utf8' },
}).trim();
execFileSync('tar', ['xzf', archive], { cwd: work });

/** Runs a step, and prints how long it took. */
async function step(title, run) {
  const started = performance.now();
  const result = await run();
  process.stdout.write(`ok  ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
  return result;
}

/** Runs kuflow under Wine, and expects one of these statuses. */
async function windows(cwd, args, { status = [0], env = {}, program = 'kuflow' } = {}) {
  const ran = await wine.node(cwd, [`C:/work/package/bin/${program}.js`, ...args], env);
  assert.ok(
    status.includes(ran.status),
    `${ran.status} from ${program} ${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`,
  );
  return ran;
}

const OPTIONS = ['--local', '--yes', '--no-install', '--no-git', '--no-check'];
const PACKAGE = ['--cli-package', `file:../${archive}`];

function filesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => relative(folder, join(file.parentPath, file.name))).sort();
}

let platform;
try {
  for (const language of ['typescript', 'java', 'python'])
    await step(`create: the files of a ${language} project are those that Linux writes`, async () => {
      const args = [language, '--language', language, ...OPTIONS, ...PACKAGE];
      await windows(work, args, { program: 'create-kuflow-worker' });
      const linux = join(work, 'linux');
      mkdirSync(linux, { recursive: true });
      execFileSync(process.execPath, [join(ROOT, 'bin', 'create-kuflow-worker.js'), ...args], {
        cwd: linux,
        stdio: 'ignore',
      });
      const files = filesIn(join(linux, language));
      assert.deepEqual(filesIn(join(work, language)), files);
      // These contain the modes of files, and the time.
      for (const file of files.filter((path) => !/^\.kuflow\/(?:base\.tgz|project\.json)$/.test(path)))
        assert.deepEqual(readFileSync(join(work, language, file)), readFileSync(join(linux, language, file)), file);
    });

  await step('create: a name that Windows reserves is refused', async () => {
    const { stderr } = await windows(work, ['CON', ...OPTIONS], { status: [2], program: 'create-kuflow-worker' });
    assert.match(stderr, /Windows does not allow a folder named "CON"/);
  });

  const project = join(work, 'typescript');
  const env = await step('a local KuFlow runs on Linux', async () => {
    const cwd = join(work, 'linux', 'typescript');
    platform = spawn(process.execPath, [kuflow, 'dev', '--json'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    // Other events come first.
    for await (const line of createInterface({ input: platform.stdout })) if (JSON.parse(line).kind === 'ready') break;
    const printed = execFileSync(process.execPath, [kuflow, 'dev', 'env', '--json'], { cwd, encoding: 'utf8' });
    const values = Object.entries(JSON.parse(printed));
    return Object.fromEntries(values.map(([name, value]) => [name, value.startsWith('/') ? `Z:${value}` : value]));
  });
  await step('doctor: the connection works', async () => {
    // 4: the limit of a check was too short on a busy machine.
    const { stdout } = await windows(project, ['doctor', '--json', '--timeout', '300'], { status: [0, 4], env });
    const { results } = JSON.parse(stdout);
    assert.deepEqual(
      results.filter(({ state }) => state === 'fail'),
      [],
    );
    assert.equal(results.find(({ id }) => id === 'KF-ENGINE-002')?.state, 'pass', stdout);
  });
  await step('credentials pull: the certificate is written', async () => {
    const { stdout } = await windows(project, ['credentials', 'pull', '--json'], { env });
    assert.match(stdout, /"set"/);
  });
  await step('credentials rotate: --exec keeps its quotes', async () => {
    const line = `node -e "require('fs').writeFileSync('ran.txt', 'a ' + process.platform)"`;
    await windows(project, ['credentials', 'rotate', '--exec', line], { env });
    assert.equal(readFileSync(join(project, 'ran.txt'), 'utf8'), 'a win32');
  });
  rmSync(join(project, 'application-local.yaml'), { force: true });

  await step('the dependencies for Windows are installed', () => {
    const options = ['--os=win32', '--cpu=x64', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    execFileSync('npm', ['install', ...options], { cwd: project, stdio: 'inherit' });
    writeShims(join(project, 'node_modules', '.bin'));
  });
  const LOCAL = ['--temporal-path', String.raw`C:\tools\temporal.exe`];
  await step('dev exec: a .cmd file gets its arguments unchanged', async () => {
    writeFileSync(join(project, 'print.mjs'), 'console.log(JSON.stringify(process.argv.slice(2)));\n');
    // Without `%`: the cmd.exe of Wine 8 loses what follows it.
    const words = ['a b', 'x&y', 'say "hi"', '^', 'C:\\my files\\'];
    const command = ['node_modules/.bin/tsx', 'print.mjs', ...words];
    const { stdout } = await windows(project, ['dev', 'exec', ...LOCAL, '--no-restart', '--', ...command]);
    assert.deepEqual(JSON.parse(stdout), words);
  });
  await step('dev exec: a missing command is reported', async () => {
    await windows(project, ['dev', 'exec', ...LOCAL, '--no-restart', '--', 'absent'], { status: [127] });
  });
  await step('dev simulate: a TypeScript worker completes a process and shuts down', async () => {
    // Wine reads the files of Temporal's packages slowly.
    const options = [...LOCAL, '--json', '--timeout', '3600s'];
    const command = ['node', '--import', 'tsx', 'src/main.ts', '--dev'];
    const { stdout, stderr } = await windows(project, ['dev', 'simulate', 'LOAN', ...options, '--', ...command]);
    assert.equal(JSON.parse(stdout).status, 0);
    assert.match(stderr, /Shutting down: polling has stopped/);
  });
  if (!smoke) await step('unit tests', async () => process.stdout.write(`${await runUnitTests(wine, ROOT)}\n`));
} finally {
  platform?.stdin.end();
  platform?.kill('SIGTERM');
  wine.close();
}

/** npm on Linux links the programs of packages. On Windows it writes .cmd files, with a jump to a label that Wine 8 does not find. */
function writeShims(folder) {
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    if (!lstatSync(link).isSymbolicLink() || existsSync(`${link}.cmd`)) continue;
    const target = readlinkSync(link).replaceAll('/', '\\');
    writeFileSync(`${link}.cmd`, `@node "%~dp0${target}" %*\r\n`);
  }
}
