import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/base/secret.ts';
import { createOpenCodes } from '../../../../src/platform/console/open-codes.ts';
import { createRest, type Rest } from '../rest/server.ts';

describe('a code for the page', () => {
  it('expires after a minute', () => {
    const clock = { time: 0, now: () => clock.time, sleep: () => Promise.resolve() };
    const codes = createOpenCodes(clock);
    const [early, late] = [codes.issue(new Secret('a')), codes.issue(new Secret('b'))];
    clock.time = 59_999;
    expect(codes.redeem(early)?.reveal()).toBe('a');
    clock.time = 60_000;
    expect(codes.redeem(late)).toBeUndefined();
  });

  describe('from the REST API', () => {
    let rest: Rest;
    beforeEach(() => {
      rest = createRest();
    });
    afterEach(() => rest.stop());
    const post = (path: string, headers: Record<string, string> = {}) =>
      rest.app.inject({ method: 'POST', url: `/_dev/open-codes${path}`, headers: { host: '127.0.0.1:1', ...headers } });

    it('returns the token of the user once', async () => {
      const issued = await post('', { authorization: rest.asUser });
      expect(issued.statusCode).toBe(201);
      const { code } = issued.json<{ code: string }>();
      expect(code).toMatch(/^[\w-]{32}$/);
      const redeemed = await post(`/${code}`);
      expect(redeemed.json()).toEqual({ token: rest.world.identity.user.token.reveal() });
      expect((await post(`/${code}`)).statusCode).toBe(404);
    });

    it('is not issued to a worker, or without credentials', async () => {
      expect((await post('', { authorization: rest.asWorker })).statusCode).toBe(403);
      expect((await post('')).statusCode).toBe(401);
    });

    it('is not redeemed for a page of another origin', async () => {
      const { code } = (await post('', { authorization: rest.asUser })).json<{ code: string }>();
      expect((await post(`/${code}`, { origin: 'http://evil.example' })).statusCode).toBe(403);
      expect((await post(`/${code}`)).statusCode).toBe(200);
    });
  });
});
