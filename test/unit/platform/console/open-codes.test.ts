import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../../src/base/secret.ts';
import { createOpenCodes } from '../../../../src/platform/console/open-codes.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { createRest, type Rest } from '../rest/server.ts';

const redirectOf = (file: string): URL =>
  new URL(/http-equiv="refresh" content="0; url=([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? '');
const codeIn = (file: string): string => new URLSearchParams(redirectOf(file).hash.slice(1)).get('code') ?? '';

describe('a code for the console', () => {
  const temporaryFolder = temporaryFolders();
  afterEach(() => vi.useRealTimers());

  const setUp = () => {
    const folder = join(temporaryFolder(), 'open');
    const clock = { time: 0, now: () => clock.time, sleep: () => Promise.resolve() };
    const codes = createOpenCodes({ folder, clock });
    const issue = async (token: string): Promise<string> =>
      join(folder, await codes.issue(new Secret(token), (code) => `http://127.0.0.1:1/console/?a&b#code=${code}`));
    return { folder, clock, codes, issue };
  };

  it('is in a file of this user only, which is removed when the code is used', async () => {
    const { folder, codes, issue } = setUp();
    const file = await issue('a');
    if (process.platform !== 'win32') {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(file, 'utf8')).toContain('<meta name="referrer" content="no-referrer">');
    expect(readFileSync(file, 'utf8')).toContain('?a&amp;b#');
    const code = codeIn(file);
    expect(codes.redeem(code)?.reveal()).toBe('a');
    expect(existsSync(file)).toBe(false);
    expect(codes.redeem(code)).toBeUndefined();
  });

  it('expires after a minute, and its file is removed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { clock, codes, issue } = setUp();
    const [early, late, unused] = [await issue('a'), await issue('b'), await issue('c')];
    const codeOfLate = codeIn(late);
    clock.time = 59_999;
    expect(codes.redeem(codeIn(early))?.reveal()).toBe('a');
    clock.time = 60_000;
    expect(codes.redeem(codeOfLate)).toBeUndefined();
    vi.advanceTimersByTime(60_000);
    expect(existsSync(unused)).toBe(false);
  });

  it('leaves no file when the platform stops, or starts after it was killed', async () => {
    const { folder, clock, codes, issue } = setUp();
    await issue('a');
    createOpenCodes({ folder, clock });
    expect(existsSync(folder)).toBe(false);
    await issue('b');
    await codes.close();
    expect(existsSync(folder)).toBe(false);
  });

  describe('from the REST API', () => {
    let rest: Rest;
    beforeEach(() => {
      rest = createRest();
    });
    afterEach(() => rest.stop());
    const post = (path: string, headers: Record<string, string> = {}) =>
      rest.app.inject({ method: 'POST', url: `/_dev/open-codes${path}`, headers: { host: '127.0.0.1:1', ...headers } });
    const issuedFile = async (query = ''): Promise<string> => {
      const issued = await post(query, { authorization: rest.asUser });
      expect(issued.statusCode).toBe(201);
      expect(issued.json()).toEqual({ file: expect.stringMatching(/^[\da-f-]{36}\.html$/) as string });
      return join(rest.openFolder, issued.json<{ file: string }>().file);
    };

    it('returns the token of the user once', async () => {
      const address = redirectOf(await issuedFile('?path=tasks%2Flatest'));
      expect(`${address.origin}${address.pathname}`).toBe('http://127.0.0.1:7480/console/tasks/latest');
      expect(address.hash).toMatch(/^#code=[\w-]{32}$/);
      const code = address.hash.slice('#code='.length);
      const redeemed = await post(`/${code}`);
      expect(redeemed.json()).toEqual({ token: rest.world.identity.user.token.reveal() });
      expect((await post(`/${code}`)).statusCode).toBe(404);
    });

    it('is not issued to a worker, without credentials, or for a path outside the console', async () => {
      expect((await post('', { authorization: rest.asWorker })).statusCode).toBe(403);
      expect((await post('')).statusCode).toBe(401);
      expect((await post('?path=%2F%2Fevil.example', { authorization: rest.asUser })).statusCode).toBe(400);
      expect(existsSync(rest.openFolder)).toBe(false);
    });

    it('is not redeemed for a page of another origin', async () => {
      const code = codeIn(await issuedFile());
      expect((await post(`/${code}`, { origin: 'http://evil.example' })).statusCode).toBe(403);
      expect((await post(`/${code}`)).statusCode).toBe(200);
    });
  });
});
