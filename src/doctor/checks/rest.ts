import type { Check } from '../check.ts';
import type { ConnectionFound, ConnectionInput } from '../connection-input.ts';
import { restFinding } from '../rest-causes.ts';

export const restCredentials: Check<ConnectionInput, ConnectionFound> = {
  id: 'KF-REST-001',
  title: 'REST credentials',
  plane: 'rest',
  docs: 'kf-rest-001',
  requires: ['KF-SET-001'],
  offline: false,
  timeoutMs: 15_000,
  run: async ({ input, signal }) => {
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
      };
    } catch (error) {
      return restFinding(error);
    }
  },
};
