import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { bareEnvironment, workerEnvironment } from '../support/worker-process.ts';

const run = promisify(execFile);
let folder: string;
let running: TestPlatform;
let environment: Record<string, string>;
/** All output except that of `--output -`. */
const outputs: string[] = [];

async function pull(...args: readonly string[]): Promise<CommandEnd> {
  const ended = await packedCommand('kuflow', ['credentials', 'pull', ...args], { cwd: folder, env: environment });
  outputs.push(ended.err, args.includes('-') ? '' : ended.out);
  return ended;
}

const written = async (...args: readonly string[]): Promise<CommandEnd> => {
  const ended = await pull(...args);
  expect(ended.status, ended.err).toBe(0);
  return ended;
};

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'export-'));
  writeFileSync(join(folder, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n');
  running = await startTestPlatform();
  environment = workerEnvironment(running.platform);
});

afterAll(async () => {
  await running.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('exported credentials', () => {
  it('connect the Temporal CLI to the engine, as a configuration file and as an environment file', async () => {
    const temporal = await temporalPath();
    const bare = bareEnvironment();
    const first = JSON.parse((await written('--json')).out) as { set: { namespace: string } };
    const { namespace } = first.set;
    const toml = join(folder, 'temporal.toml');
    writeFileSync(toml, '# mine\n[profile.other] # o\naddress = "x:1"\n', { mode: 0o600 });
    const shown = await written(
      '--with-token',
      '--format',
      'temporal-toml',
      '--output',
      'temporal.toml',
      '--temporal-profile',
      'loans',
    );
    expect(shown.err).toContain('  + profile.loans.api_key\n');
    expect(readFileSync(toml, 'utf8').startsWith('# mine\n[profile.other] # o\naddress = "x:1"\n')).toBe(true);
    const ask = ['operator', 'namespace', 'describe', '-o', 'json'];
    const byFile = await run(temporal, [...ask, '--config-file', toml, '--profile', 'loans'], { env: bare });
    const { namespaceInfo } = JSON.parse(byFile.stdout) as { namespaceInfo: { name: string } };
    expect(namespaceInfo.name).toBe(namespace);

    await written('--with-token', '--format', 'dotenv', '--output', '.env');
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
    const line = 'set -a; . ./.env; exec "$@"';
    const quiet = { ...bare, TEMPORAL_CONFIG_FILE: join(folder, 'none.toml') };
    const byEnv = await run('sh', ['-c', line, 'sh', temporal, ...ask], { cwd: folder, env: quiet });
    expect(JSON.parse(byEnv.stdout)).toMatchObject({ namespaceInfo: { name: namespace } });
    await expect(run(temporal, ask, { cwd: folder, env: quiet })).rejects.toThrow();
  });

  it('come from the same set, whether written to standard output or to a folder', async () => {
    const printed = await written('--format', 'json', '--output', '-');
    const set = JSON.parse(printed.out) as Record<string, string>;
    mkdirSync(join(folder, 'pem'));
    const result = JSON.parse((await written('--json', '--format', 'pem', '--output', 'pem')).out) as object;
    expect(result).toMatchObject({ result: 'unchanged', export: { result: 'written' } });
    expect(readFileSync(join(folder, 'pem', 'client.key'), 'utf8')).toBe(set['privateKey']);
    expect(readFileSync(join(folder, 'pem', 'client.pem'), 'utf8')).toBe(set['certificate']);
    const again = await written('--format', 'pem', '--output', 'pem');
    expect(again.out).toContain('Already up to date: ');
  });

  it('are not requested for an invalid target', async () => {
    const asked = (): number => running.events.filter(({ kind }) => kind === 'request').length;
    const before = asked();
    const bad: readonly (readonly [readonly string[], RegExp, number])[] = [
      [['--format', 'dotenv'], /requires --output/, 2],
      [['--output', 'x'], /require --format/, 2],
      [['--format', 'json', '--output', '-', '--json'], /cannot be combined with --json/, 2],
      [['--format', 'pem', '--output', '-'], /several files/, 2],
      [['--format', 'json', '--output', 'x', '--secret-name', 'a'], /--secret-name requires --format k8s-secret/, 2],
      [['--format', 'csv', '--output', 'x'], /csv/, 2],
      [['--force', '--format', 'dotenv', '--output', 'pem'], /it is a folder/, 1],
      [['--force', '--format', 'yaml', '--output', 'nowhere/x'], /does not exist/, 2],
    ];
    for (const [args, why, status] of bad) {
      const ended = await pull(...args);
      expect(`${ended.out}${ended.err}`, args.join(' ')).toMatch(why);
      expect(ended.status, args.join(' ')).toBe(status);
    }
    const { KUFLOW_API_CLIENTSECRET: secret = '' } = environment;
    await run('git', ['init', '--quiet'], { cwd: folder });
    expect((await pull('--debug', '--force', '--format', 'yaml', '--output', 'copy.yaml')).err).toContain(
      'git does not ignore it',
    );
    expect(asked()).toBe(before);
    const key = readFileSync(join(folder, 'pem', 'client.key'), 'utf8').split('\n')[1] ?? '';
    const token = /api_key = "(.+)"/.exec(readFileSync(join(folder, 'temporal.toml'), 'utf8'))?.[1] ?? '';
    for (const canary of [secret, key, token]) {
      expect(canary.length).toBeGreaterThan(16);
      expect(outputs.join('\n')).not.toContain(canary);
    }
  });
});
