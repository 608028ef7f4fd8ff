import http from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRest, refusal, type Rest } from '../rest/server.ts';

const INDEX = '<!doctype html><title>Local KuFlow</title>';
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2000))});\n`;

let folder: string;
let rest: Rest;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-page-'));
  const web = join(folder, 'web');
  mkdirSync(join(web, 'assets', 'folder'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'outside');
  writeFileSync(join(web, 'index.html'), INDEX);
  writeFileSync(join(web, 'assets', 'main-4XYZ2ABC.js'), SCRIPT);
  writeFileSync(join(web, 'assets', 'plain.css'), 'body {}');
  writeFileSync(join(web, 'assets', 'icon-4XYZ2ABC.svg'), '<svg/>');
  rest = createRest({ pageFolder: web, hostNames: ['kuflow.test'] });
});
afterAll(async () => {
  await rest.stop();
  rmSync(folder, { recursive: true, force: true });
});

const get = (url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
  rest.app.inject({ url, headers: { host: '127.0.0.1:1', ...headers } });

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; " +
  "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

describe('the console', () => {
  it('is at /console/ and every path below it, without credentials', async () => {
    const root = await get('/');
    expect([root.statusCode, root.headers.location]).toEqual([302, '/console/']);
    for (const path of [
      '/console',
      '/console/',
      '/console/assets/',
      '/console/tasks/latest',
      '/console/processes/start/LOAN?like=1',
    ]) {
      const answer = await get(path);
      expect([answer.statusCode, answer.body], path).toEqual([200, INDEX]);
      expect(answer.headers, path).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
    }
  });

  it('does not answer below the prefix of the API', async () => {
    for (const path of ['/v2024-06-14', '/v2024-06-14/', '/v2024-06-14/console/', '/apis/external/console/tasks'])
      refusal(await get(path), 404);
  });

  it('serves its files, which never change', async () => {
    const script = await get('/console/assets/main-4XYZ2ABC.js');
    expect([script.statusCode, script.body]).toEqual([200, SCRIPT]);
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': POLICY,
    });
    const image = await get('/console/assets/icon-4XYZ2ABC.svg');
    expect([image.headers['content-type'], image.body]).toEqual(['image/svg+xml', '<svg/>']);
  });

  it('answers 404 to unknown files and to every path that leaves the folder', async () => {
    // A real request, because a client library resolves the dots in its URL.
    await rest.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = rest.app.server.address() as AddressInfo;
    const request = async (path: string): Promise<readonly [number | undefined, string]> => {
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject);
      });
      return [answer.statusCode, await text(answer)];
    };
    expect(await request('/console/assets/plain.css')).toEqual([200, 'body {}']);
    for (const path of [
      'missing.js',
      'folder',
      '../index.html',
      '../../secret.txt',
      './plain.css',
      '..%2findex.html',
      '..%2f..%2fsecret.txt',
      '%2e%2e/%2e%2e/secret.txt',
      '..\\..\\secret.txt',
      '..%5c..%5csecret.txt',
      'plain.css%00',
      encodeURIComponent(join(folder, 'secret.txt')),
      join(folder, 'secret.txt'),
    ])
      expect(await request(`/console/assets/${path}`), path).toEqual([404, expect.stringContaining('"status":404')]);
  });

  it('is not known to KuFlow: other methods are refused, and the API description does not contain it', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const)
      for (const url of ['/', '/console/', '/console/assets/plain.css'])
        refusal(await rest.app.inject({ method, url, headers: { host: '127.0.0.1:1' } }), 404);
    const description = await get('/openapi.json');
    expect(description.body).not.toMatch(/console|_dev/);
  });

  it('names the missing folder if it has not been built', async () => {
    const bare = createRest();
    try {
      const answer = await bare.app.inject({ url: '/console/', headers: { host: 'localhost' } });
      expect(answer.statusCode).toBe(503);
      expect(answer.json<{ message: string }>().message).toContain('dist/web');
    } finally {
      await bare.stop();
    }
  });
});

describe('the check of Host, Origin and Sec-Fetch headers', () => {
  const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
  const SCRIPT_REQUEST = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  const CROSS = { 'sec-fetch-site': 'cross-site' };

  it.each<readonly [method: 'GET' | 'POST' | 'HEAD', url: string, headers: Record<string, string>, status: number]>([
    // A link in any page may open the console in a tab.
    ['GET', '/', { ...CROSS, ...NAVIGATION }, 302],
    ['GET', '/console/', { ...CROSS, ...NAVIGATION }, 200],
    ['GET', '/console/tasks/latest', { ...NAVIGATION, 'sec-fetch-site': 'same-site' }, 200],
    ['GET', '/console/', { ...NAVIGATION, 'sec-fetch-site': 'none' }, 200],
    ['GET', '/console/', { ...SCRIPT_REQUEST, 'sec-fetch-site': 'same-origin' }, 200],
    // Not in a frame, by a script or as an image.
    ['GET', '/console/', { ...CROSS, ...FRAME }, 403],
    ['GET', '/console/', { ...CROSS, ...SCRIPT_REQUEST }, 403],
    ['GET', '/console/', { ...CROSS, 'sec-fetch-mode': 'navigate' }, 403],
    ['GET', '/console/', { ...CROSS, 'sec-fetch-dest': 'document' }, 403],
    ['GET', '/console/assets/plain.css', { ...CROSS, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'style' }, 403],
    // No other method, and nothing but the console.
    ['POST', '/', { ...CROSS, ...NAVIGATION }, 403],
    ['POST', '/console/', { ...CROSS, ...NAVIGATION }, 403],
    ['HEAD', '/console/', { ...CROSS, ...NAVIGATION }, 403],
    ['GET', '/consoles', { ...CROSS, ...NAVIGATION }, 403],
    ['GET', '/health', { ...CROSS, ...NAVIGATION }, 403],
    ['GET', '/openapi.json', { ...CROSS, ...NAVIGATION }, 403],
    ['GET', '/processes', { ...CROSS, ...NAVIGATION }, 403],
    ['GET', '/_dev/events', { ...CROSS, ...NAVIGATION }, 403],
    ['GET', '/_dev/environment', { ...CROSS, ...NAVIGATION }, 403],
    // The Host and the Origin are checked as everywhere.
    ['GET', '/console/', { ...NAVIGATION, host: 'evil.example' }, 421],
    ['GET', '/', { ...NAVIGATION, host: '127.0.0.1.evil.example' }, 421],
    ['GET', '/console/', { ...NAVIGATION, host: 'kuflow.test' }, 200],
    ['GET', '/console/', { ...NAVIGATION, origin: 'http://evil.example' }, 403],
  ])('%s %s %o: %i', async (method, url, headers, status) => {
    const answer = await rest.app.inject({ method, url, headers: { host: '127.0.0.1:1', ...headers } });
    expect(answer.statusCode, answer.body).toBe(status);
  });
});
