import type { ExitStatus } from './errors.ts';

const BY_WEIGHT: readonly ExitStatus[] = [130, 2, 1, 4, 3, 0];

/** The one status that stands for several: 130 > 2 > 1 > 4 > 3 > 0. */
export function worstExitStatus(statuses: readonly ExitStatus[]): ExitStatus {
  return BY_WEIGHT.find((status) => statuses.includes(status)) ?? 0;
}
