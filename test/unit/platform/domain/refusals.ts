import { expect } from 'vitest';

/** The error of a rejected operation, for `toEqual`. */
export const refused = (status: number, text?: string): unknown =>
  expect.objectContaining({
    name: 'ApiError',
    status,
    ...(text === undefined ? {} : { message: expect.stringContaining(text) as string }),
  });

/** The error that `work` throws. */
export const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
};
