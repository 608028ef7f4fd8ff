import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isAlive, isRunning, isSameProcess, ownIdentity, processStartId } from '../../../src/base/process-identity.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const children: ChildProcess[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const child of children.splice(0)) child.kill();
});

function sleeping(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(child);
  return child;
}

const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

describe('the identity of a process', () => {
  it('recognizes a running process, and reports an ended one', () => {
    const { pid, start } = ownIdentity();
    expect(pid).toBe(process.pid);
    expect(isAlive({ pid, start })).toBe(true);
    expect(isSameProcess(pid, processStartId(pid))).toBe(true);
    expect(isRunning(deadPid())).toBe(false);
    expect(isAlive({ pid: deadPid(), start })).toBe(false);
  });

  it.runIf(process.platform === 'linux')('rejects a pid that another process has got since', () => {
    expect(isAlive({ pid: process.pid, start: 'at:1000' })).toBe(false);
    expect(isAlive({ pid: process.pid, start: 'linux:another-boot:1' })).toBe(false);
    expect(isSameProcess(process.pid, 'another-boot:1')).toBe(false);
  });

  it.runIf(process.platform === 'linux')('asks another program only once for a process that keeps running', () => {
    const folder = temporaryFolder();
    const calls = join(folder, 'calls');
    const text = (program: string) => `#!/bin/sh\necho ${program} >> ${calls}\n/bin/date\n`;
    for (const program of ['ps', 'powershell.exe'])
      writeFileSync(join(folder, program), text(program), { mode: 0o755 });
    vi.stubEnv('PATH', folder);
    for (const [platform, child, program] of [
      ['darwin', sleeping(), 'ps'],
      ['win32', sleeping(), 'powershell.exe'],
    ] as const) {
      const identity = { pid: child.pid ?? 0, start: `at:${Date.now()}` };
      for (let poll = 0; poll < 5; poll++) expect(isAlive(identity, platform)).toBe(true);
      expect(isAlive({ ...identity, start: 'at:1000' }, platform)).toBe(false);
      expect(readFileSync(calls, 'utf8')).toBe(`${program}\n`);
      writeFileSync(calls, '');
    }
  });

  it.runIf(process.platform === 'linux')('reads the start that lock files and supervisor files hold', () => {
    expect(ownIdentity().start).toBe(`linux:${processStartId(process.pid) ?? ''}`);
    expect(isSameProcess(process.pid, ownIdentity().start)).toBe(true);
  });
});
