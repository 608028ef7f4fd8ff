import { describe, expect, it } from 'vitest';
import { normaliseEndpoint } from '../../../src/kuflow/endpoint.ts';

describe('normaliseEndpoint', () => {
  it.each([
    ['https://api.kuflow.com', 'https://api.kuflow.com/v2024-06-14'],
    ['https://api.kuflow.com/', 'https://api.kuflow.com/v2024-06-14'],
    [' https://API.kuflow.com/v2024-06-14// ', 'https://api.kuflow.com/v2024-06-14'],
    ['https://kuflow.corp:8443//apis/external/', 'https://kuflow.corp:8443/apis/external/v2024-06-14'],
    ['http://localhost:8080', 'http://localhost:8080/v2024-06-14'],
    ['http://[::1]:8080/v2024-06-14', 'http://[::1]:8080/v2024-06-14'],
  ])('turns %s into %s', (text, expected) => {
    expect(normaliseEndpoint(text)).toBe(expected);
    expect(normaliseEndpoint(normaliseEndpoint(text))).toBe(expected);
  });

  it.each([
    ['api.kuflow.com', /not a URL/],
    ['ftp://api.kuflow.com', /not ftp:/],
    ['https://id:hunter2@api.kuflow.com', /credentials/],
    ['https://api.kuflow.com?x=1', /query/],
    ['https://api.kuflow.com/v2023-01-01', /v2023-01-01/],
    ['http://api.kuflow.com', /does not use TLS/],
  ])('rejects %s', (text, why) => {
    expect(() => normaliseEndpoint(text)).toThrow(why);
    expect(() => normaliseEndpoint(text)).not.toThrow(/hunter2/);
  });

  it('accepts plain HTTP to another machine only if it is allowed', () => {
    expect(normaliseEndpoint('http://kuflow.test:8080', true)).toBe('http://kuflow.test:8080/v2024-06-14');
  });
});
