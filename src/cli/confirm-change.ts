import { usageError } from '../base/errors.ts';
import type { KuFlowSession } from '../platform/client/kuflow-session.ts';
import type { ChangeFlags } from './process-and-task-options.ts';

export const LOCAL_HINT = 'To use the local KuFlow, pass --local';

/** Throws a usage error unless the change is local or confirmed with --yes. `change` completes "This would …". */
export function requireConfirmation(
  { local, client, caller }: KuFlowSession,
  flags: ChangeFlags,
  change: string,
): void {
  if (local !== undefined || flags.yes === true) return;
  throw usageError(`This would ${change} at ${client.endpoint} as ${caller.name}`, [
    'To confirm the change, pass --yes',
    LOCAL_HINT,
  ]);
}
