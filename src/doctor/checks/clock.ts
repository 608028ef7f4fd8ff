import type { Check } from '../check.ts';
import { NOTICEABLE_SKEW_MS, type DoctorFound, type DoctorInput } from '../doctor-input.ts';
import { explainedFinding } from '../explained.ts';

const WRONG_MS = 5 * 60_000;

export const clockSkew: Check<DoctorInput, DoctorFound> = {
  id: 'KF-CLOCK-001',
  title: 'Clock of this machine',
  plane: 'clock',
  docs: 'kf-clock-001',
  requires: [],
  after: ['KF-REST-001'],
  offline: false,
  timeoutMs: 1_000,
  run: ({ found }) => {
    const { skewMs } = found;
    if (skewMs === undefined) {
      return Promise.resolve({ state: 'skip', skipped: 'not-applicable', summary: "no answer told KuFlow's time" });
    }
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const facts = { aheadBySeconds: Math.round(skewMs / 1000) };
    if (Math.abs(skewMs) < NOTICEABLE_SKEW_MS)
      return Promise.resolve({ state: 'pass', summary: `within ${Math.max(1, seconds)} s of KuFlow's`, facts });
    const how = `${amount(seconds)} ${skewMs > 0 ? 'ahead of' : 'behind'} KuFlow's`;
    const code = Math.abs(skewMs) >= WRONG_MS ? 'clock-wrong' : 'clock-off';
    return Promise.resolve(
      explainedFinding({ id: 'KF-CLOCK-001', code, text: `This machine's clock is ${how}`, facts }),
    );
  },
};

function amount(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
