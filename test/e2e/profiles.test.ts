import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSession } from '../../scripts/terminal-session.mjs';
import { installedBin } from '../support/generated-project.ts';
import { packedCommand } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { missingForKeychain, startPrivateKeychain, type PrivateKeychain } from '../support/private-keychain.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { bareEnvironment } from '../support/worker-process.ts';

const missing = missingForKeychain();
if (missing !== undefined) process.stderr.write(`no keychain, so the secret is in a file: ${missing}\n`);

let root: string;
let running: TestPlatform;
let user: ProcessUser;
let keychain: PrivateKeychain | undefined;
let env: Record<string, string>;

beforeAll(async () => {
  root = mkdtempSync(join(inject('runFolder'), 'profiles-'));
  for (const name of ['home', 'project']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'project', 'application.yaml'), 'temporal:\n  kuflow-queue: LOAN_QUEUE\n');
  keychain = missing === undefined ? await startPrivateKeychain() : undefined;
  env = { ...bareEnvironment(), ...(keychain?.env ?? { CI: '1' }), XDG_CONFIG_HOME: join(root, 'home') };
  running = await startTestPlatform();
  user = await processUser(running.platform);
});

afterAll(async () => {
  await user.close();
  await running.remove();
  await keychain?.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('stored credentials', () => {
  it('work with every command until they are removed, with the secret where login reported it', async () => {
    const { application, tenantId } = running.platform.identity;
    const secret = application.secret.reveal();
    const cwd = join(root, 'project');
    const outputs: string[] = [];
    const kuflow = async (args: readonly string[], more: Record<string, string> = {}) => {
      const ended = await packedCommand('kuflow', args, { cwd, env: { ...env, ...more } });
      outputs.push(ended.out, ended.err);
      return ended;
    };

    const [program, args] =
      process.platform === 'win32' ? ['stdin', []] : [process.execPath, [installedBin('kuflow'), 'login']];
    if (program === 'stdin') {
      const given = [
        '--client-id',
        application.id,
        '--endpoint',
        running.platform.loopback.http,
        '--client-secret-stdin',
      ];
      expect(await piped(['login', ...given], secret)).toBe(0);
    } else {
      const session = openSession(program, args, {
        cwd,
        env: { ...env, TERM: 'xterm-256color' },
        columns: 160,
        rows: 50,
      });
      await session.until("Address of KuFlow's REST API");
      session.type(`${running.platform.loopback.http}\r`);
      await session.until('Client ID of the application');
      session.type(`${application.id}\r`);
      await session.until('Client secret (token) of the application');
      session.type(`${secret}\r`);
      expect(await session.ended).toMatchObject({ status: 0 });
      outputs.push(session.output());
      const screen = session.everything().replace(/\s+/g, ' ');
      expect(screen).toContain('Stored profile default');
      expect(screen).toContain(keychain === undefined ? 'in the file' : "in the system's keychain (secret-tool)");
      expect(screen).toContain('This is the default profile');
      expect(screen).toContain('Workers do not read profiles');
      expect(screen).toContain(`login --profile default --client-id ${application.id}`);
    }

    const processId = await user.start(running.platform.definitions[0]?.process.code ?? '');
    expect(processId).not.toBe('');
    for (const more of [['--profile', 'default'], []]) {
      const listed = await kuflow(['definitions', 'list', '--json', ...more]);
      expect(listed.status, listed.err).toBe(0);
      expect((JSON.parse(listed.out) as { definitions: unknown[] }).definitions).toHaveLength(1);
    }
    const pulled = await kuflow([
      'credentials',
      'pull',
      '--json',
      '--tenant-id',
      tenantId,
      '--target',
      running.platform.endpoints.engine,
    ]);
    expect(pulled.status, pulled.err).toBe(0);
    expect(readFileSync(join(cwd, 'application-local.yaml'), 'utf8')).toContain('mutual-tls');
    expect((JSON.parse(pulled.out) as { warnings: string[] }).warnings.join()).toContain(
      'which a worker does not read',
    );
    const child = 'process.exit(process.env.KUFLOW_API_CLIENTSECRET === undefined ? 1 : 42)';
    expect((await kuflow(['credentials', 'exec', '--', process.execPath, '-e', child])).status).toBe(42);

    const profiles = JSON.parse((await kuflow(['profiles', '--json'])).out) as {
      profiles: { secret: { in: string; where: string } }[];
    };
    const place = profiles.profiles[0]?.secret;
    expect(place?.in).toBe(keychain === undefined ? 'file' : 'secret-service');
    const holders = [...filesBelow(join(root, 'home')), ...filesBelow(cwd)].filter((file) =>
      readFileSync(file).includes(secret),
    );
    expect(holders).toEqual(keychain === undefined ? [place?.where] : []);
    if (keychain !== undefined) {
      const inCi = await kuflow(['definitions', 'list'], { CI: 'true' });
      expect(inCi.status).toBe(2);
      expect(inCi.err).toContain('the keychain is not used: CI is set');
      // Commands that make no requests do not need the keychain.
      const away = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-bus')}` };
      expect((await kuflow(['definitions', 'list'], away)).status).toBe(2);
      const status = await kuflow(['credentials', 'status', '--tenant-id', tenantId], away);
      expect(status.status, status.out).toBe(0);
      expect(status.out).toContain('[in the keychain]');
      const again = await kuflow(['credentials', 'pull', '--tenant-id', tenantId], away);
      expect(again.status, again.err).toBe(0);
      expect(again.out).toContain('nothing was requested or changed');
    }

    expect((await kuflow(['logout', '--profile', 'default'])).status).toBe(0);
    expect((await kuflow(['definitions', 'list'])).status).toBe(2);
    expect(filesBelow(join(root, 'home')).map((file) => file.slice(root.length + 6))).toEqual([
      join('kuflow', 'profiles.json'),
    ]);
    expect(outputs.join('\n')).not.toContain(secret);
  });
});

/** Runs a command that reads the secret from a pipe. Resolves to its exit status. */
function piped(args: readonly string[], input: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [installedBin('kuflow'), ...args], {
      env,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.once('error', reject).once('close', resolve);
    child.stdin.end(input);
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
