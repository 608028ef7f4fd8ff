import type { SettingFault } from './types.ts';

/** `both`: an application file that can't be read, of which nothing counts, or a proxy of both planes. */
export type SettingPlane = 'rest' | 'engine' | 'both';

/** What a problem of a setting keeps from being checked. */
export function planeOf({ key, plane }: SettingFault): SettingPlane {
  if (plane !== undefined) return plane;
  if (/^temporal(\.|$)/.test(key)) return 'engine';
  return /^kuflow(\.|$)/.test(key) ? 'rest' : 'both';
}
