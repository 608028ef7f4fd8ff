/** From here on valid tokens and certificates are taken for others. */
export const WRONG_CLOCK_MS = 5 * 60_000;

/** `2 min ahead of KuFlow's`; `skewMs`: by how much this machine's clock is ahead. */
export function skewPhrase(skewMs: number): string {
  return `${amount(Math.round(Math.abs(skewMs) / 1000))} ${skewMs > 0 ? 'ahead of' : 'behind'} KuFlow's`;
}

function amount(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
