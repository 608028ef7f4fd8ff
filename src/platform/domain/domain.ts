import { EventEmitter } from 'node:events';
import type { ProcessDefinition } from '../../process/definition.ts';
import { describeDefinitionChanges } from '../../process/definition/describe-changes.ts';
import type { PeopleSeed } from '../../process/people.ts';
import type { DefinitionProblem } from '../shared/dev-contract.ts';
import type { PlatformEvent, PlatformIdentity } from '../shared/types.ts';
import { findDocumentByUri } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { GROUPS, PRINCIPALS } from '../store/people.ts';
import type { EngineIssuers } from '../pki/engine-issuers.ts';
import { reportUnknownCandidates } from './task-candidates.ts';
import type { Domain } from './context.ts';
import { createDefinitionCatalog } from './definitions.ts';
import { applyPeople } from './apply-people.ts';
import { ensureIdentity } from './identity.ts';
import type { ReferencedResources } from '../../schema/kuflow-formats.ts';
import { localTimeZone } from './request-time.ts';

export interface DomainOptions {
  readonly store: Store;
  readonly definitions: readonly ProcessDefinition[];
  /** Default: one local user. */
  readonly people?: PeopleSeed | undefined;
  readonly createIssuers: (identity: PlatformIdentity) => EngineIssuers;
  readonly report?: ((event: PlatformEvent) => void) | undefined;
  /** IANA name. Default: the time zone of this machine. */
  readonly timeZone?: string | undefined;
}

/** Creates what the operations need. A new state file gets its tenant from the first definition that sets one. */
export function createDomain(options: DomainOptions): { readonly domain: Domain; readonly identity: PlatformIdentity } {
  const { store, people, definitions, report = () => undefined, timeZone = localTimeZone() } = options;
  const { identity: stored, system } = ensureIdentity(store, tenantIdsOf(definitions));
  const user = applyPeople(store, { tenantId: stored.tenantId, systemId: system.id }, people);
  const identity = { ...stored, user };
  const domain: Domain = {
    store,
    clock: store.clock,
    definitions: createDefinitionCatalog(definitions, store, identity.tenantId, resourcesOf(store)),
    issuers: options.createIssuers(identity),
    tenantId: identity.tenantId,
    system,
    processManagers: people?.processManagers,
    timeZone,
    report,
    commands: new EventEmitter(),
  };
  return { domain, identity };
}

const tenantIdsOf = (definitions: readonly ProcessDefinition[]): readonly string[] =>
  definitions.flatMap(({ process: { tenant } }) => tenant ?? []);

function resourcesOf({ sql }: Store): ReferencedResources {
  return {
    findDocument: (uri) => findDocumentByUri(sql, uri),
    hasPrincipal: (id) => PRINCIPALS.findById(sql, id) !== undefined,
    hasGroup: (id) => GROUPS.findById(sql, id) !== undefined,
  };
}

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
    ensureIdentity(ctx.store, tenantIdsOf(definitions));
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
