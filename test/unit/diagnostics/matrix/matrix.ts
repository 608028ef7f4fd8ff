import { engineFaults } from './engine.ts';
import type { Fault } from './fault.ts';
import { pollerAndProjectFaults } from './pollers-and-project.ts';
import { proxyFaults } from './proxies.ts';
import { restFaults, tokenAndClockFaults } from './rest-token-clock.ts';
import { fileFaults, settingsFaults } from './settings-and-files.ts';

/** Every fault that doctor is tested with, by plane. */
export const matrix: readonly { readonly plane: string; readonly faults: readonly Fault[] }[] = [
  { plane: 'Settings', faults: settingsFaults },
  { plane: 'Files', faults: fileFaults },
  { plane: 'REST and proxy', faults: restFaults },
  { plane: 'Proxies of both planes', faults: proxyFaults },
  { plane: 'Token and clock', faults: tokenAndClockFaults },
  { plane: 'Engine', faults: engineFaults },
  { plane: 'Pollers and project', faults: pollerAndProjectFaults },
];
