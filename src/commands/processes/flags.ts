import type { ConnectionFlags } from '../../connection/resolve.ts';

/** Options of both sub-commands as commander hands them over. */
export interface ProcessesFlags extends ConnectionFlags {
  readonly json?: boolean;
  readonly sample?: number;
}
