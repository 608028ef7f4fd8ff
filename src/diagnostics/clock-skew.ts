import type { CheckOutputs, CheckInput } from './input.ts';

/** Smaller differences can come from latency and from times in whole seconds. */
export const NOTICEABLE_SKEW_MS = 30_000;
/** From here on, valid tokens and certificates can look expired or not yet valid. */
export const WRONG_CLOCK_MS = 5 * 60_000;

/** The time by KuFlow's clock, in milliseconds: corrected only if the difference is noticeable. */
export function correctedNow(input: CheckInput, { skewMs = 0 }: CheckOutputs): number {
  return input.clock.now() - (Math.abs(skewMs) >= NOTICEABLE_SKEW_MS ? skewMs : 0);
}

/** `2 min ahead of KuFlow's`. A positive `skewMs` means that this machine's clock is ahead. */
export function formatSkew(skewMs: number): string {
  return `${formatSeconds(Math.round(Math.abs(skewMs) / 1000))} ${skewMs > 0 ? 'ahead of' : 'behind'} KuFlow's`;
}

function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
