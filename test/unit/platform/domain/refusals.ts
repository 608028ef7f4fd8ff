import { expect } from 'vitest';

/** What an operation refuses with, for `toEqual`. */
export const refused = (status: number, text?: string): unknown =>
  expect.objectContaining({
    name: 'ApiError',
    status,
    ...(text === undefined ? {} : { message: expect.stringContaining(text) as string }),
  });

/** What `work` throws. */
export const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
};
