import type { CheckContext } from '../check.ts';

/** Whether KF-REST-002 found that the application does not belong to the configured tenant, for which KuFlow then issues nothing. */
export function isForeignTenant(resultOf: CheckContext<unknown, unknown>['resultOf']): boolean {
  return resultOf('KF-REST-002')?.cause?.code === 'tenant-not-visible';
}
