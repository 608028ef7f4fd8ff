import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { printUpdateNotice, type NoticeRequest } from '../../../src/cli/update-notice.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { openTerminal } from '../../../src/terminal/terminal.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
let folder: string;
let cache: string;

const writeRecord = (version: string): void => {
  mkdirSync(join(folder, '.kuflow'), { recursive: true });
  writeFileSync(join(folder, '.kuflow/project.json'), JSON.stringify({ format: 1, template: { version } }));
};

async function notice(more: Partial<NoticeRequest> & { readonly tty?: boolean } = {}): Promise<string> {
  const { tty = true, ...request } = more;
  const fake = fakeHost([], { tty });
  await printUpdateNotice({
    ...{ terminal: openTerminal(fake.host, {}), env: { XDG_CACHE_HOME: cache }, cwd: folder, argv: ['doctor'] },
    ...{ version: '1.2.0', invocation: 'npx kuflow' },
    ...request,
  });
  return fake.stderr();
}

beforeEach(() => {
  [folder, cache] = [temporaryFolder(), temporaryFolder()];
  writeRecord('1.0.0');
});

describe('printUpdateNotice', () => {
  it('names the versions and the command, once a day for each project', async () => {
    const text = '\nVersion 1.0.0 generated this project, and this is version 1.2.0. To update it: npx kuflow update\n';
    expect(await notice()).toBe(text);
    expect(await notice()).toBe('');
    const state = join(cache, 'kuflow/update-notices');
    const [name = ''] = readdirSync(state);
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    utimesSync(join(state, name), yesterday, yesterday);
    mkdirSync(join(folder, 'src'));
    expect(await notice({ cwd: join(folder, 'src') })).toBe(text);
    folder = temporaryFolder();
    writeRecord('1.1.9');
    expect(await notice()).toContain('Version 1.1.9 generated');
  });

  it('is silent without a terminal, in CI, if it is turned off, for programs, and in projects that are not older', async () => {
    const env = { XDG_CACHE_HOME: cache };
    expect(await notice({ tty: false })).toBe('');
    for (const name of ['CI', 'NO_UPDATE_NOTIFIER'])
      expect(await notice({ env: { ...env, [name]: '1' } }), name).toBe('');
    for (const argv of [
      ['update'],
      ['--debug', 'update'],
      ['__complete', 'bash'],
      ['completion', 'zsh'],
      ['task', 'list', '--json'],
    ])
      expect(await notice({ argv }), argv.join(' ')).toBe('');
    for (const version of ['1.2.0', '1.3.0', 'x', '']) {
      writeRecord(version);
      expect(await notice(), version).toBe('');
    }
    for (const text of ['{', '[]', '{"template":1}']) {
      writeFileSync(join(folder, '.kuflow/project.json'), text);
      expect(await notice(), text).toBe('');
    }
    expect(await notice({ cwd: temporaryFolder() })).toBe('');
    expect(existsSync(join(cache, 'kuflow'))).toBe(false);
  });

  it('is silent if the cache cannot be written', async () => {
    // A file in the place of the folder: root could write to a read-only folder.
    writeFileSync(join(cache, 'kuflow'), '');
    chmodSync(cache, 0o555);
    expect(await notice()).toBe('');
  });

  it('is printed after a command of kuflow, and changes nothing else', async () => {
    const fake = fakeHost(['hello'], { tty: true, cwd: folder, env: { XDG_CACHE_HOME: cache } });
    const load = () =>
      Promise.resolve({
        configure: (command: Command) => void command.action(() => void fake.host.stdout.write('done\n')),
      });
    const root = { name: 'kuflow', description: '', version: '1.2.0', invocation: 'kuflow' };
    const commands = [{ name: 'hello', summary: '', load }];
    expect(await runProgram({ ...root, commands }, fake.host)).toBe(0);
    expect(fake.stdout()).toBe('done\n');
    expect(fake.stderr()).toContain('To update it: kuflow update');
  });
});
