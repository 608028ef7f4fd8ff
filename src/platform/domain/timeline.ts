import { findEvents, type NamedEvent } from '../store/events.ts';
import { findProcessById } from '../store/processes.ts';
import { notFound } from './api-error.ts';
import type { Domain } from './context.ts';

/** What happened to a process, in order. An unknown process is a 404. */
export function getProcessTimeline(ctx: Domain, processId: string): NamedEvent[] {
  if (findProcessById(ctx.store.sql, processId) === undefined) throw notFound('process', processId);
  return findEvents(ctx.store.sql, processId);
}
