import type { ProcessDefinition } from '../../process/definition.ts';
import { describeDefinitionChanges } from '../../process/definition/changes.ts';
import type { DefinitionProblem } from '../shared/contract.ts';
import { reportUnknownCandidates } from './candidates.ts';
import type { Domain } from './context.ts';
import { ensureIdentity } from './identity.ts';

/**
 * Serves these definitions to new processes from now on, and reports what changed. Running processes keep the version that they were started
 * with. `problems` are all present problems of definition files: those that were not passed before (as the same object) are reported too. Throws
 * KnownError for a duplicate code and for an invalid schema, and then changes nothing.
 */
export function changeDefinitions(
  ctx: Domain,
  definitions: readonly ProcessDefinition[],
  problems: readonly DefinitionProblem[],
): void {
  const { problems: knownProblems } = ctx.definitions;
  const before = ctx.definitions.all.map(({ definition }) => definition);
  ctx.store.transaction(() => {
    ensureIdentity(ctx.store, { otherTenantIds: definitions.flatMap(({ process: { tenant } }) => tenant ?? []) });
    ctx.definitions.replace(definitions, problems);
  });
  const withoutLine = ({ file }: DefinitionProblem): string => file.replace(/:\d+$/, '');
  const files = new Set(problems.map(withoutLine));
  const mended = new Set(knownProblems.map(withoutLine).filter((file) => !files.has(file)));
  const changes = [
    ...[...mended].map((file) => `${file} no longer has errors`),
    ...describeDefinitionChanges(before, definitions),
  ];
  for (const problem of problems)
    if (!knownProblems.includes(problem)) ctx.report({ kind: 'definition-problem', ...problem });
  if (changes.length === 0) return;
  ctx.report({ kind: 'definitions-changed', changes });
  reportUnknownCandidates(ctx);
}
