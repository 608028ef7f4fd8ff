import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isAlive, isRunning, isSameProcess, ownIdentity, processStartId } from '../../../src/base/process-identity.ts';

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

  it.runIf(process.platform === 'linux')('reads the start that lock files and supervisor files hold', () => {
    expect(ownIdentity().start).toBe(`linux:${processStartId(process.pid) ?? ''}`);
    expect(isSameProcess(process.pid, ownIdentity().start)).toBe(true);
  });
});
