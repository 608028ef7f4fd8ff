import { KuFlowApiError } from '../../kuflow/errors.ts';
import type { Check } from '../check.ts';
import type { CheckOutputs, CheckInput } from '../check-input.ts';
import { restFinding } from '../causes/rest.ts';
import { explainDistrust } from '../causes/rest-trust.ts';

/** The body of an error response contains KuFlow's time too. */
function serverTimeOfError(error: unknown): number | undefined {
  const time = error instanceof KuFlowApiError ? Date.parse(error.body?.timestamp ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

export const restCredentialsCheck: Check<CheckInput, CheckOutputs> = {
  id: 'KF-REST-001',
  title: 'REST credentials',
  plane: 'rest',
  requires: ['KF-SET-001'],
  timeoutMs: 15_000,
  run: async ({ input, signal }) => {
    const sentAt = input.clock.now();
    const skew = (serverTime: number | undefined): Partial<CheckOutputs> =>
      serverTime === undefined ? {} : { skewMs: (sentAt + input.clock.now()) / 2 - serverTime };
    try {
      const who = await input.rest.whoAmI(signal);
      const name = who.name === undefined ? who.id : `${who.name} (${who.id})`;
      return {
        state: 'pass',
        summary: `accepted, ${who.type === undefined ? '' : `${who.type.toLowerCase()} `}${name}`,
        facts: {
          endpoint: input.endpoint.value,
          principalId: who.id,
          ...(who.type && { type: who.type }),
          ...(who.name && { name: who.name }),
        },
        outputs: skew(who.serverTime),
      };
    } catch (error) {
      const finding = await explainDistrust(restFinding(error, input), input);
      return { ...finding, outputs: skew(serverTimeOfError(error)) };
    }
  },
};
