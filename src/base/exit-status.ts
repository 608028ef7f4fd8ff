/**
 * Exit statuses of every command. When several apply, the first one in this list wins:
 * 130 interrupted, 2 usage error or missing answers, 1 failed, 4 inconclusive, 3 warnings (with `--fail-on warn`), 0 done.
 */
export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 130;

const BY_WEIGHT: readonly ExitStatus[] = [130, 2, 1, 4, 3, 0];

/** The status to exit with when several apply: 130 > 2 > 1 > 4 > 3 > 0. */
export function worstExitStatus(statuses: readonly ExitStatus[]): ExitStatus {
  return BY_WEIGHT.find((status) => statuses.includes(status)) ?? 0;
}
