import { describe, expect, it } from 'vitest';
import { pageAddress } from '../../../../src/platform/console/page-address.ts';

const state = {
  endpoints: { http: 'http://127.0.0.1:7480', https: '', engine: '', temporal: '' },
};

describe('the address of the console', () => {
  it.each([
    [undefined, ''],
    ['', ''],
    ['/', ''],
    ['tasks', 'tasks'],
    ['/tasks/latest', 'tasks/latest'],
    ['/console/tasks', 'tasks'],
    ['console', ''],
    ['processes/start/LOAN?like=1', 'processes/start/LOAN?like=1'],
  ])('accepts the path %s', (path, expected) => {
    expect(pageAddress(state, {}, path)).toBe(`http://127.0.0.1:7480/console/${expected}`);
  });

  it('has the sign-in in its fragment', () => {
    expect(pageAddress(state, { code: 'a_b-c' }, 'tasks')).toBe('http://127.0.0.1:7480/console/tasks#code=a_b-c');
  });

  it.each(['../processes', '//evil.example', 'http://evil.example/console/', 'x/../../y', '%2e%2e/x', 'tasks#token=x'])(
    'rejects %s',
    (path) => {
      expect(() => pageAddress(state, { code: 'a' }, path)).toThrow('is not a path of the console');
    },
  );
});
