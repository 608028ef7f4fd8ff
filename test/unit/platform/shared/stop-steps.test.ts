import { describe, expect, it } from 'vitest';
import { startParts, type StopSteps } from '../../../../src/platform/shared/stop-steps.ts';

describe('parts that start in order', () => {
  const done: string[] = [];
  const addAll = ({ add }: StopSteps): void => {
    done.length = 0;
    add(() => void done.push('store'));
    add(() => Promise.reject(new Error('Temporal does not stop')));
    add(() => void done.push('gateway'));
    add(() => {
      throw new Error('the API does not stop');
    });
  };

  it('stop in reverse order, also after a step that fails', async () => {
    const steps = await startParts((given) => {
      addAll(given);
      return Promise.resolve(given);
    });
    expect(done).toEqual([]);
    await expect(steps.run()).rejects.toThrow('the API does not stop');
    await expect(steps.run()).rejects.toThrow('the API does not stop');
    expect(done).toEqual(['gateway', 'store']);
  });

  it('all stop if the next one does not start, which is the failure that is reported', async () => {
    const starting = startParts((given) => {
      addAll(given);
      return Promise.reject(new Error('the port is taken'));
    });
    await expect(starting).rejects.toThrow('the port is taken');
    expect(done).toEqual(['gateway', 'store']);
  });
});
