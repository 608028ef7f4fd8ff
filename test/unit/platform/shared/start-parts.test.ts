import { describe, expect, it } from 'vitest';
import { startParts, type Parts } from '../../../../src/platform/shared/start-parts.ts';

describe('parts that start in order', () => {
  const stopped: string[] = [];
  const startAll = async ({ add }: Parts): Promise<void> => {
    stopped.length = 0;
    await add({ close: () => void stopped.push('store') });
    await add(Promise.resolve({ stop: () => Promise.reject(new Error('Temporal does not stop')) }));
    await add({ stop: () => void stopped.push('gateway') });
    await add({
      close: () => {
        throw new Error('the API does not stop');
      },
    });
  };

  it('stop in reverse order, even if one fails to stop', async () => {
    const parts = await startParts(async (given) => {
      await startAll(given);
      return given;
    });
    expect(stopped).toEqual([]);
    await expect(parts.stop()).rejects.toThrow('the API does not stop');
    await expect(parts.stop()).rejects.toThrow('the API does not stop');
    expect(stopped).toEqual(['gateway', 'store']);
  });

  it('all stop if the next one fails to start, and that failure is reported', async () => {
    const starting = startParts(async (given) => {
      await startAll(given);
      await given.add<{ stop(): void }>(Promise.reject(new Error('the port is taken')));
    });
    await expect(starting).rejects.toThrow('the port is taken');
    expect(stopped).toEqual(['gateway', 'store']);
  });
});
