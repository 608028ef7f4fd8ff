/** Milliseconds from the clock of the browser to that of the local KuFlow. */
let difference = 0;

/** `now`: the time of the local KuFlow, ISO 8601, that was just read. */
export function setPlatformTime(now: string): void {
  difference = Date.parse(now) - Date.now();
}

export const platformNow = (): number => Date.now() + difference;
