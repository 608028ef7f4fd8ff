import { KuFlowApiError } from '../../kuflow/errors.ts';
import type { Check, Finding } from '../check.ts';
import type { VisibleTenants } from '../check-input.ts';
import type { DoctorFound, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { restFinding } from '../causes/rest.ts';

const SHOWN = 5;

export const tenantVisible: Check<DoctorInput, DoctorFound> = {
  id: 'KF-REST-002',
  title: 'Tenant',
  plane: 'rest',
  docs: 'kf-rest-002',
  requires: ['KF-REST-001'],
  offline: false,
  timeoutMs: 10_000,
  run: async ({ input, signal }) => {
    let tenants: VisibleTenants;
    try {
      tenants = await input.rest.tenants(signal);
    } catch (error) {
      if (error instanceof KuFlowApiError && (error.kind === 'forbidden' || error.kind === 'not-found'))
        return { state: 'skip', skipped: 'restricted', summary: 'KuFlow does not show tenants to this application' };
      return restFinding(error);
    }
    return judge(tenants, input);
  },
};

function judge({ ids, total }: VisibleTenants, { tenantId }: DoctorInput): Finding<never> {
  const shown = ids.slice(0, SHOWN);
  const facts = { tenants: shown, total, ...(tenantId && { tenantId: tenantId.value }) };
  const values = { tenants: shown.join(', '), source: tenantId?.source ?? '' };
  const complete = ids.length >= total;
  if (tenantId !== undefined) {
    if (!complete || ids.some((id) => id.toLowerCase() === tenantId.value.toLowerCase()))
      return { state: 'pass', summary: `${tenantId.value} (${tenantId.source})`, facts };
    const text = `The application does not see the tenant ${tenantId.value} (${tenantId.source})`;
    return toFinding({ id: 'KF-REST-002', code: 'tenant-not-visible', text, facts, values });
  }
  if (total <= 1)
    return { state: 'pass', summary: total === 0 ? 'none is shown' : `the only one, ${ids[0] ?? ''}`, facts };
  const text = `The application is of ${total} tenants, and none is named`;
  return toFinding({ id: 'KF-REST-002', code: 'tenant-not-named', text, facts, values });
}
