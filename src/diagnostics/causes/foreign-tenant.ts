import type { CheckContext, Finding } from '../check.ts';

/** Whether KF-REST-002 found that the application does not belong to the configured tenant, for which KuFlow then issues nothing. */
export function isForeignTenant(resultOf: CheckContext<unknown, unknown>['resultOf']): boolean {
  return resultOf('KF-REST-002')?.cause?.code === 'tenant-not-visible';
}

export const SKIPPED_FOR_TENANT: Finding<never> = {
  state: 'skip',
  skipped: 'blocked',
  blockedBy: 'KF-REST-002',
  summary: 'skipped because of KF-REST-002',
};
