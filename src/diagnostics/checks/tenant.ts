import { passed, type Finding, type CheckContext, type DoctorCheck } from '../check.ts';
import type { VisibleTenants, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { listingFinding } from '../causes/rest.ts';

const SHOWN_TENANTS = 5;

export const tenantCheck: DoctorCheck = {
  id: 'KF-REST-002',
  title: 'Tenant',
  plane: 'rest',
  requires: ['KF-REST-001'],
  timeoutMs: 10_000,
  run: async ({ input, signal }) => {
    let tenants: VisibleTenants;
    try {
      tenants = await input.rest.tenants(signal);
    } catch (error) {
      return listingFinding(error, 'tenants');
    }
    return evaluateTenants(tenants, input);
  },
};

function evaluateTenants({ ids, total }: VisibleTenants, { tenantId }: DoctorInput): Finding {
  const firstIds = ids.slice(0, SHOWN_TENANTS);
  const facts = { tenants: firstIds, total, ...(tenantId && { tenantId: tenantId.value }) };
  const values = { tenants: firstIds.join(', '), source: tenantId?.source ?? '' };
  const complete = ids.length >= total;
  if (tenantId !== undefined) {
    if (!complete || ids.some((id) => id.toLowerCase() === tenantId.value.toLowerCase()))
      return passed(`${tenantId.value} (${tenantId.source})`, facts);
    const text = `The application does not belong to the configured tenant ${tenantId.value} (${tenantId.source})`;
    return toFinding('KF-REST-002', 'tenant-not-visible', text, { facts, values });
  }
  if (total === 0) return passed('KuFlow shows no tenant', facts);
  if (total === 1) return passed(`${ids[0] ?? ''}, the only one of the application`, facts);
  const text = `The application belongs to ${total} tenants, but the settings name none of them`;
  return toFinding('KF-REST-002', 'tenant-not-named', text, { facts, values });
}

/** Whether KF-REST-002 found that the application does not belong to the configured tenant, for which KuFlow then issues nothing. */
export function isForeignTenant(resultOf: CheckContext<unknown>['resultOf']): boolean {
  return resultOf('KF-REST-002')?.cause?.code === 'tenant-not-visible';
}
