import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isLoopbackHost } from '../../../src/network/address.ts';
import { decideProxy, formatProxy } from '../../../src/network/proxy.ts';

const url = 'https://api.kuflow.com/v2024-06-14';
const proxied = { HTTPS_PROXY: 'http://proxy.corp:3128' };

describe('decideProxy', () => {
  it('uses the variable of the scheme, lower case first, and names it', () => {
    expect(decideProxy({ url, env: proxied })).toEqual({
      kind: 'proxy',
      url: 'http://proxy.corp:3128',
      displayUrl: 'http://proxy.corp:3128',
      source: 'HTTPS_PROXY',
    });
    expect(decideProxy({ url, env: { ...proxied, https_proxy: 'other:8080' } })).toMatchObject({
      url: 'http://other:8080',
      source: 'https_proxy',
    });
    expect(decideProxy({ url, env: { HTTP_PROXY: 'http://proxy.corp:3128' } })).toEqual({
      kind: 'direct',
      reason: 'no proxy is set',
    });
    expect(decideProxy({ url: 'http://api.corp', env: { HTTP_PROXY: 'https://proxy.corp' } })).toMatchObject({
      url: 'https://proxy.corp:443',
    });
    expect(decideProxy({ url, env: { HTTPS_PROXY: '' } }).kind).toBe('direct');
  });

  it('never proxies loopback, not even with an explicit setting', () => {
    const explicit = { value: 'http://proxy.corp:3128', source: '--proxy' };
    for (const host of ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]', '[::ffff:127.0.0.1]']) {
      const decision = decideProxy({ url: `https://${host}:8443`, env: proxied, explicit });
      expect(decision, host).toEqual({ kind: 'direct', reason: 'loopback is never proxied' });
    }
    expect(isLoopbackHost('localhost.example.com')).toBe(false);
    expect(isLoopbackHost('128.0.0.1')).toBe(false);
    expect(isLoopbackHost('127.example.com')).toBe(false);
  });

  it.each([
    ['api.kuflow.com', true],
    ['.kuflow.com', true],
    ['kuflow.com', true],
    ['*.kuflow.com', true],
    ['*', true],
    ['other.com, API.KUFLOW.COM', true],
    ['api.kuflow.com:443', true],
    ['api.kuflow.com:8443', false],
    ['flow.com', false],
    ['kuflow.com.evil', false],
    ['10.0.0.0/8', false],
  ])('NO_PROXY=%s exempts: %s', (exceptions, direct) => {
    expect(decideProxy({ url, env: { ...proxied, NO_PROXY: exceptions } }).kind).toBe(direct ? 'direct' : 'proxy');
  });

  it('supports addresses and networks in NO_PROXY', () => {
    const to = (host: string, exceptions: string) =>
      decideProxy({ url: `https://${host}`, env: { ...proxied, no_proxy: exceptions } }).kind;
    expect(to('10.1.2.3', '10.0.0.0/8')).toBe('direct');
    expect(to('11.1.2.3', '10.0.0.0/8')).toBe('proxy');
    expect(to('10.1.2.3', '10.1.2.3')).toBe('direct');
    expect(to('[fd00::1]', 'fd00::/8')).toBe('direct');
    expect(to('[fd00::1]', '[fd00::1]')).toBe('direct');
    expect(to('10.1.2.3', '10.0.0.0/99')).toBe('proxy');
  });

  it('lets an explicit setting win over the environment and NO_PROXY', () => {
    const env = { ...proxied, NO_PROXY: '*' };
    expect(decideProxy({ url, env, explicit: { value: 'http://mine:1', source: '--proxy' } })).toMatchObject({
      url: 'http://mine:1',
      source: '--proxy',
    });
    expect(decideProxy({ url, env: proxied, explicit: { value: 'none', source: '--proxy' } })).toEqual({
      kind: 'direct',
      reason: '--proxy disables it',
    });
  });

  it('prints no credentials', () => {
    const decision = decideProxy({ url, env: { HTTPS_PROXY: 'http://jane:s%3Acret@proxy.corp:3128' } });
    expect(decision.kind === 'proxy' && decision.credentials?.reveal()).toBe('jane:s:cret');
    expect(decision.kind === 'proxy' && decision.url).toBe('http://proxy.corp:3128');
    const printed = `${JSON.stringify(decision)} ${inspect(decision, { depth: 9 })} ${formatProxy(decision)}`;
    expect(printed).toContain('through http://[redacted]@proxy.corp:3128 (HTTPS_PROXY)');
    expect(printed).not.toMatch(/jane|s:cret|s%3Acret/);
  });

  it('rejects an address that is not an HTTP proxy, naming its source but not its text', () => {
    for (const value of ['socks5://jane:secret@proxy:1080', 'http://', 'http://jane:secret@:x']) {
      let message = '';
      try {
        decideProxy({ url, env: { HTTPS_PROXY: value } });
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('HTTPS_PROXY');
      expect(message).not.toContain('secret');
    }
  });
});
