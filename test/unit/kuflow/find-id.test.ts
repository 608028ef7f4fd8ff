import { describe, expect, it } from 'vitest';
import { resolveId } from '../../../src/kuflow/find-id.ts';

const IDS = ['01a21cb2-fa1b-7c36-853d-afba8409c6c0', '01a21cb2-fa1b-7c36-853d-bbba8409c6c0'];

/** Resolves `text` among `ids`, the newest first. */
const resolve = (text: string, ids: readonly string[] = IDS): Promise<string> =>
  resolveId(text, { what: 'task', listIds: () => Promise.resolve(ids), hint: 'List the tasks' });

describe('resolveId', () => {
  it('accepts a whole ID without looking it up', async () => {
    const lookup = { what: 'task', hint: '', listIds: () => Promise.reject(new Error('looked up')) } as const;
    expect(await resolveId('01A21CB2-FA1B-7C36-853D-000000000000', lookup)).toBe(
      '01a21cb2-fa1b-7c36-853d-000000000000',
    );
  });

  it('finds an ID by its end, in any case', async () => {
    expect(await resolve('AFBA8409C6C0')).toBe(IDS[0]);
  });

  it('resolves latest to the newest ID', async () => {
    expect(await resolve('latest')).toBe(IDS[0]);
    await expect(resolve('latest', [])).rejects.toThrow('No open tasks');
  });

  it('looks up latest, in any case, in the list for it', async () => {
    const asked: string[] = [];
    const listIds = (text: string): Promise<readonly string[]> => {
      asked.push(text);
      return Promise.resolve(IDS);
    };
    await resolveId('LATEST', { what: 'task', listIds, hint: '' });
    await resolveId('afba8409c6c0', { what: 'task', listIds, hint: '' });
    expect(asked).toEqual(['latest', 'end']);
  });

  it.each([
    ['c6c0', 'c6c0 is too short: pass at least the last 6 characters of the ID'],
    ['LOAN_REVIEW', 'LOAN_REVIEW is not an ID: IDs contain only digits'],
    ['000000', 'No recent task has an ID that ends with 000000'],
    ['8409c6c0', `Several IDs end with 8409c6c0: ${IDS.join(', ')}`],
  ])('rejects %s as a usage error', async (text, message) => {
    await expect(resolve(text)).rejects.toThrow(message);
  });
});
