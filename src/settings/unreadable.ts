import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { posixWord } from '../base/shell.ts';
import type { SettingStep } from './sources.ts';

/** How to get access to a file that exists but cannot be read with this error code; undefined for other codes and on Windows. */
export async function unreadableStep(path: string, code: string): Promise<SettingStep | undefined> {
  if ((code !== 'EACCES' && code !== 'EPERM') || process.platform === 'win32') return undefined;
  const owner = await ownerOf(path);
  // The file itself cannot be seen, so the folder is what this user cannot enter.
  if (owner === undefined) return await accessStep(dirname(path), 'Make the folder accessible to your user', 'u+rx');
  return await accessStep(path, 'Make the file readable for your user', 'u+r');
}

async function accessStep(path: string, text: string, mode: string): Promise<SettingStep> {
  const user = process.geteuid?.();
  if ((await ownerOf(path)) === user) return { text, command: `chmod ${mode} ${posixWord(path)}` };
  return { text: `${text}; it belongs to another user`, command: `sudo chown "$(id -un)" ${posixWord(path)}` };
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch {
    return undefined;
  }
}
