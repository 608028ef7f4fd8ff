import { passed, skippedAs, type DoctorCheck } from '../check.ts';
import { formatSkew, NOTICEABLE_SKEW_MS, WRONG_CLOCK_MS } from '../clock-skew.ts';
import { toFinding } from '../explain-finding.ts';

export const clockCheck: DoctorCheck = {
  id: 'KF-CLOCK-001',
  title: 'System clock',
  plane: 'clock',
  after: ['KF-REST-001'],
  timeoutMs: 1_000,
  run: ({ outputs }) => {
    const { skewMs } = outputs;
    if (skewMs === undefined) return skippedAs('not-applicable', "no response included KuFlow's time");
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const facts = { aheadBySeconds: Math.round(skewMs / 1000) };
    if (Math.abs(skewMs) < NOTICEABLE_SKEW_MS)
      return passed(`within ${Math.max(1, seconds)} s of KuFlow's clock`, facts);
    const code = Math.abs(skewMs) >= WRONG_CLOCK_MS ? 'clock-wrong' : 'clock-off';
    return toFinding('KF-CLOCK-001', code, `This machine's clock is ${formatSkew(skewMs)}`, { facts });
  },
};
