import { resolve } from 'node:path';
import { loadDefinition } from '../../process/definition/file.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { DiscoveredProcess, DiscoveryEvent } from '../../discovery/types.ts';
import {
  definitionFromFlags,
  withTaskChanges,
  type DefinitionFlags,
  type TaskChanges,
} from '../../process/definition/from-flags.ts';
import { sampleDefinition } from '../../process/sample.ts';
import type { DefinitionSource } from '../../languages/project-spec.ts';

/** Where the process definition comes from; what else was given stands over it. */
export type DefinitionRequest =
  | { readonly kind: 'sample'; readonly over: DefinitionOverrides }
  | { readonly kind: 'file'; readonly path: string; readonly over: DefinitionOverrides }
  | { readonly kind: 'flags'; readonly flags: DefinitionFlags }
  /** `sample`: instances to read for shapes; absent reads no value. */
  | { readonly kind: 'api'; readonly code: string; readonly sample?: number; readonly over: DefinitionOverrides };

export interface DefinitionOverrides {
  readonly taskQueue?: string;
  readonly workflowType?: string;
  readonly processId?: string;
  readonly tenantId?: string;
  readonly tasks?: TaskChanges;
}

/** Reads a process from the API; rejects with a KnownError when nothing of it is visible. */
export type Discover = (
  code: string,
  options: { readonly sample?: number; readonly report: (event: DiscoveryEvent) => void },
) => Promise<DiscoveredProcess>;

export interface FindDependencies {
  /** Absolute; files are relative to it. */
  readonly cwd: string;
  readonly discover: Discover;
  readonly report: (event: DiscoveryEvent) => void;
}

export interface FoundDefinition {
  readonly definition: ProcessDefinition;
  readonly source: DefinitionSource;
  readonly notes: readonly string[];
}

/** The definition that a request asks for. Rejects with a KnownError that names what is wrong with its source. */
export async function findDefinition(wanted: DefinitionRequest, deps: FindDependencies): Promise<FoundDefinition> {
  switch (wanted.kind) {
    case 'sample':
      return { definition: withOverrides(sampleDefinition(), wanted.over), source: 'sample', notes: [] };
    case 'file': {
      const definition = await loadDefinition(resolve(deps.cwd, wanted.path));
      return { definition: withOverrides(definition, wanted.over), source: 'file', notes: [] };
    }
    case 'flags':
      return { definition: await definitionFromFlags(wanted.flags, deps.cwd), source: 'flags', notes: [] };
    case 'api':
      return discovered(wanted, deps);
  }
}

async function discovered(
  wanted: Extract<DefinitionRequest, { kind: 'api' }>,
  deps: FindDependencies,
): Promise<FoundDefinition> {
  const { code, over } = wanted;
  const found = await deps.discover(code, {
    report: deps.report,
    ...(wanted.sample === undefined ? {} : { sample: wanted.sample }),
  });
  const { taskQueue, workflowType } = over;
  if (taskQueue === undefined || workflowType === undefined) throw new Error('queue and type are asked for before');
  const definition = withOverrides({ ...found.definition, workflow: { type: workflowType, taskQueue } }, over);
  return { definition, source: 'api', notes: found.notes };
}

function withOverrides(definition: ProcessDefinition, over: DefinitionOverrides): ProcessDefinition {
  return {
    ...(over.tasks === undefined ? definition : withTaskChanges(definition, over.tasks)),
    process: {
      ...definition.process,
      ...(over.processId === undefined ? {} : { id: over.processId }),
      ...(over.tenantId === undefined ? {} : { tenant: over.tenantId }),
    },
    workflow: {
      type: over.workflowType ?? definition.workflow.type,
      taskQueue: over.taskQueue ?? definition.workflow.taskQueue,
    },
  };
}
