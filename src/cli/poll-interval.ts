import type { KuFlowSession } from '../platform/client/kuflow-session.ts';

const LOCAL_POLL_MS = 200;
const POLL_MS = 2_000;

/** Milliseconds between two requests of a command that waits. */
export const pollPause = ({ local }: KuFlowSession): number => (local === undefined ? POLL_MS : LOCAL_POLL_MS);
