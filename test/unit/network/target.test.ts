import { describe, expect, it } from 'vitest';
import { formatHostPort, readTarget } from '../../../src/network/address.ts';

describe('readTarget', () => {
  it.each(['engine.kuflow.com:443', '127.0.0.1:7233', '[::1]:7233', 'localhost:1'])(
    'reads %s and writes it back',
    (text) => {
      const reading = readTarget(` ${text} `);
      expect(reading.ok && formatHostPort(reading.target)).toBe(text);
    },
  );

  it.each([
    ['', 'empty'],
    ['https://engine.kuflow.com', 'URL'],
    ['engine.kuflow.com', 'no port'],
    ['::1', 'IPv6'],
    ['[engine]:443', 'brackets'],
    ['engine:0', 'outside'],
    ['engine:65536', 'outside'],
    ['eng ine:443', 'host'],
    ['engine\u0007:443', 'host'],
    ['a/b:443', 'host'],
  ])('rejects %j: %s', (text, why) => {
    const reading = readTarget(text);
    expect(reading.ok ? '' : reading.problem).toContain(why);
  });
});
