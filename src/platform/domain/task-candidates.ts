import {
  findEnabledUsers,
  findAllGroups,
  findMemberships,
  findPrincipalByEmail,
  type PrincipalRow,
} from '../store/people.ts';
import type { ProcessItemRow } from '../store/process-items.ts';
import type { ProcessRow } from '../store/processes.ts';
import { badRequest, forbidden } from './api-error.ts';
import type { Domain, OperationContext } from './context.ts';

/** How many members of a group an error names. */
const MAX_NAMES = 5;

/** Refuses with 403 if the task has candidates and the caller is not one of them. */
export function requireCandidate(ctx: OperationContext, item: ProcessItemRow, process: ProcessRow): void {
  const candidates = candidatesOf(ctx, process, item.definition?.code);
  if (candidates === undefined || isPrincipalIn(ctx, candidates, ctx.principal)) return;
  throw forbidden(
    `${ctx.principal.name} is not a candidate of task ${item.id}. It can be claimed by ${describeCandidates(ctx, candidates)}`,
  );
}

/** Refuses with 400 if a task of this code has candidates and `owner` is not one of them. `named` is how the request body names the owner. */
export function requireOwnerIsCandidate(
  ctx: OperationContext,
  process: ProcessRow,
  code: string | undefined,
  owner: PrincipalRow,
  named: { readonly ownerId?: string | undefined },
): void {
  const candidates = candidatesOf(ctx, process, code);
  if (candidates === undefined || isPrincipalIn(ctx, candidates, owner)) return;
  throw badRequest(
    `${owner.name} is not a candidate of this task. It can be assigned to ${describeCandidates(ctx, candidates)}`,
    named.ownerId === undefined ? 'body.ownerEmail' : 'body.ownerId',
  );
}

function candidatesOf(ctx: Domain, process: ProcessRow, code: string | undefined): readonly string[] | undefined {
  return code === undefined ? undefined : ctx.definitions.taskOf(process.definition, code)?.definition.candidates;
}

const isEmail = (candidate: string): boolean => candidate.includes('@');

/** Whether the principal is one of these candidates: codes of groups and emails of users. */
export function isPrincipalIn(ctx: Domain, candidates: readonly string[], { id, email }: PrincipalRow): boolean {
  if (candidates.some((candidate) => isEmail(candidate) && candidate.toLowerCase() === email?.toLowerCase()))
    return true;
  return findMemberships(ctx.store.sql).some(
    ({ principalId, group }) => principalId === id && candidates.includes(group.code),
  );
}

/** `group RISK (ada@example.com, bob@example.com) or eva@example.com`. */
function describeCandidates(ctx: Domain, candidates: readonly string[]): string {
  const users = findEnabledUsers(ctx.store.sql);
  const memberships = findMemberships(ctx.store.sql);
  const names = candidates.map((candidate) => {
    if (isUnknown(ctx, candidate)) return `${candidate} (does not exist here)`;
    if (isEmail(candidate)) return candidate;
    const members = users
      .filter(({ principal }) =>
        memberships.some(({ principalId, group }) => principalId === principal.id && group.code === candidate),
      )
      .map(({ principal }) => principal.email);
    const listed = members.length > MAX_NAMES ? [...members.slice(0, MAX_NAMES), '…'] : members;
    return `group ${candidate} (${listed.length === 0 ? 'no members' : listed.join(', ')})`;
  });
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} or ${last}`;
}

function isUnknown(ctx: Domain, candidate: string): boolean {
  if (!isEmail(candidate)) return !findAllGroups(ctx.store.sql).some(({ code }) => code === candidate);
  const user = findPrincipalByEmail(ctx.store.sql, candidate);
  return user === undefined || user.disabledAt !== undefined;
}

/** Warns about each task with candidates that are neither users nor groups of this platform. */
export function reportUnknownCandidates(ctx: Domain): void {
  for (const { definition } of ctx.definitions.all) {
    for (const { code, candidates = [] } of definition.tasks) {
      const unknown = candidates.filter((candidate) => isUnknown(ctx, candidate));
      if (unknown.length === 0) continue;
      ctx.report({
        kind: 'warning',
        message: `${definition.process.code}: task ${code} has ${unknown.length === 1 ? 'a candidate' : 'candidates'} that the people file does not contain: ${unknown.join(', ')}`,
      });
    }
  }
}
