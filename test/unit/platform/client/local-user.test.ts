import { describe, expect, it } from 'vitest';
import { resolveId } from '../../../../src/platform/client/local-user.ts';

const IDS = ['01a21cb2-fa1b-7c36-853d-afba8409c6c0', '01a21cb2-fa1b-7c36-853d-bbba8409c6c0'];
const resolve = (text: string, ids: readonly string[] = IDS): string => resolveId(text, 'task', ids, 'List the tasks');

describe('resolveId', () => {
  it('accepts a whole ID, even one that is not in the list', () => {
    expect(resolve('01A21CB2-FA1B-7C36-853D-000000000000')).toBe('01a21cb2-fa1b-7c36-853d-000000000000');
  });

  it('finds an ID by its end, in any case', () => {
    expect(resolve('AFBA8409C6C0')).toBe(IDS[0]);
  });

  it('takes the first one as the latest', () => {
    expect(resolve('latest')).toBe(IDS[0]);
    expect(() => resolve('latest', [])).toThrow('No task is open');
  });

  it.each([
    ['c6c0', 'c6c0 is too short'],
    ['000000', 'No recent task has an ID that ends with 000000'],
    ['8409c6c0', `Several IDs end with 8409c6c0: ${IDS.join(', ')}`],
  ])('rejects %s as a usage error', (text, message) => {
    expect(() => resolve(text)).toThrow(message);
  });
});
