import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { superviseProcess, type SupervisedProcess } from '../../../../src/platform/supervisor/client.ts';
import { isSameProcess, processStartId } from '../../../../src/base/process-identity.ts';
import { supervisorEntry } from '../../../support/supervisor-entry.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const newFolder = temporaryFolders();
const STAYS = 'setInterval(() => {}, 1000)';
/** Takes half a second to end. */
const LINGERS = `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 500)); ${STAYS}; console.log('heeds')`;

async function supervised(pidFile: string, script: string, logFile?: string): Promise<SupervisedProcess> {
  return superviseProcess({
    supervisorEntry: await supervisorEntry(),
    command: process.execPath,
    args: ['-e', script],
    pidFile,
    stopGrace: 2000,
    logFile,
  });
}

describe.runIf(process.platform !== 'win32')('the pid file', () => {
  it('delays a process until the previous one is gone, and is deleted at the end', async () => {
    const folder = newFolder();
    const file = join(folder, 'held');
    const log = join(folder, 'log');
    const first = await supervised(file, LINGERS, log);
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 60_000 }).toContain('heeds');
    const stopping = first.stop();
    const second = await supervised(file, STAYS);
    try {
      expect(isSameProcess(first.pid, undefined)).toBe(false);
      await stopping;
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ child: { pid: second.pid } });
    } finally {
      await second.stop();
    }
    expect(existsSync(file)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('ends the process of a killed supervisor, and nothing else', async () => {
    const file = join(newFolder(), 'held');
    const left = spawn(process.execPath, ['-e', STAYS], { detached: true, stdio: 'ignore' });
    const pid = left.pid ?? 0;
    const ended = once(left, 'exit');
    const dead = { pid: 2 ** 22 + 17, start: 'boot:1' };
    writeFileSync(file, JSON.stringify({ supervisor: dead, child: { pid, start: processStartId(pid) } }));
    const next = await supervised(file, STAYS);
    expect(await ended).toEqual([null, 'SIGTERM']);
    await next.stop();

    const other = spawn(process.execPath, ['-e', STAYS], { detached: true, stdio: 'ignore' });
    try {
      writeFileSync(file, JSON.stringify({ supervisor: dead, child: { pid: other.pid, start: 'another boot:1' } }));
      const free = await supervised(file, STAYS);
      expect(other.exitCode).toBeNull();
      expect(other.signalCode).toBeNull();
      await free.stop();
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('is rejected if it names a process that must not be ended', async () => {
    const file = join(newFolder(), 'held');
    writeFileSync(file, JSON.stringify({ supervisor: { pid: process.pid } }));
    await expect(supervised(file, STAYS)).rejects.toMatchObject({
      seen: expect.stringContaining(`still running (pid ${process.pid})`) as string,
    });
  });
});
