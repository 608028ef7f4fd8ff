// Added to a generated project by the end-to-end tests.
import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

export async function shortWork(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Runs for five seconds, ignoring cancellation, and returns the attempt. */
export async function slowWork(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  return `attempt ${activityInfo().attempt}`;
}

/** Fails until its fourth attempt. */
export async function flakyWork(): Promise<void> {
  log.info('Trying');
  if (activityInfo().attempt < 4) throw new Error('No answer from "Grace Hopper" at grace@example.com');
}

export async function nonRetryableWork(): Promise<void> {
  throw ApplicationFailure.nonRetryable('The scale is out of order');
}

export async function lengthOf(text: string): Promise<number> {
  return text.length;
}

export async function textOf(length: number): Promise<string> {
  return 'x'.repeat(length);
}
