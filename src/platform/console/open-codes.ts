import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Secret } from '../../base/secret.ts';
import { createPrivateFolder } from '../../files/node-file-system.ts';
import { escapeAttribute } from './page.ts';

const LIFE_MS = 60_000;

interface IssuedCode {
  readonly token: Secret;
  readonly expiresAt: number;
  readonly file: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * Codes that sign in to the console once, within a minute. `kuflow dev open` passes the browser a file that only this user can read and that
 * redirects to the console with a code, because the arguments of a program are visible to other users of the machine. The files are created in
 * `folder`; what an earlier run left there is removed first.
 */
export function createOpenCodes({ folder, clock }: { readonly folder: string; readonly clock: Clock }) {
  rmSync(folder, { recursive: true, force: true });
  const issued = new Map<string, IssuedCode>();

  function withdraw(code: string): IssuedCode | undefined {
    const found = issued.get(code);
    if (found === undefined) return undefined;
    issued.delete(code);
    clearTimeout(found.timer);
    rmSync(found.file, { force: true });
    return found;
  }

  return {
    /** Writes a file for a new code, and returns its name. `toAddress` returns where the file redirects to. It is removed with the code. */
    issue: async (token: Secret, toAddress: (code: string) => string): Promise<string> => {
      const code = randomBytes(24).toString('base64url');
      const name = `${randomUUID()}.html`;
      const file = join(folder, name);
      const timer = setTimeout(() => withdraw(code), LIFE_MS).unref();
      issued.set(code, { token, expiresAt: clock.now() + LIFE_MS, file, timer });
      await createPrivateFolder(folder);
      await writeFile(file, redirectPage(toAddress(code)), { flag: 'wx', mode: 0o600 });
      return name;
    },
    /** The token of the code; undefined if the code was used, has expired or does not exist. */
    redeem: (code: string): Secret | undefined => {
      const found = withdraw(code);
      return found !== undefined && found.expiresAt > clock.now() ? found.token : undefined;
    },
    /** Removes all files. */
    close: async (): Promise<void> => {
      for (const { timer } of issued.values()) clearTimeout(timer);
      issued.clear();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type OpenCodes = ReturnType<typeof createOpenCodes>;

function redirectPage(address: string): string {
  const target = escapeAttribute(address);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="referrer" content="no-referrer">
    <meta http-equiv="refresh" content="0; url=${target}">
    <title>KuFlow</title>
  </head>
  <body>
    <p><a href="${target}">Open the console of the local KuFlow</a></p>
  </body>
</html>
`;
}
