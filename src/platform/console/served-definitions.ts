import { withoutUndefined } from '../../base/json.ts';
import type { ActionDefinition, TaskDefinition } from '../../process/definition.ts';
import type { DefinitionCatalog, ServedDefinition } from '../domain/definitions.ts';
import type { ProcessRow } from '../store/processes.ts';
import type { ServedDefinitions, ServedProcess } from '../shared/contract.ts';

/** What new processes use. */
export function listServedDefinitions({ all, problems }: DefinitionCatalog): ServedDefinitions {
  return {
    definitions: all.map((served) =>
      toServedProcess(
        served,
        served.definition.tasks,
        served.definition.actions,
        served.definition.process.confidential === true,
      ),
    ),
    problems,
  };
}

/**
 * What a process uses: the version that it was started with, and the tasks that were added to the definition since then. Undefined if no version of
 * its definition is known.
 */
export function findDefinitionOfProcess(
  catalog: DefinitionCatalog,
  { definition: ref, encryptionKeyId }: ProcessRow,
): ServedProcess | undefined {
  const served = catalog.forProcess(ref);
  if (served === undefined) return undefined;
  const current = catalog.current(ref);
  const added = current?.definition.tasks.filter(({ code }) => !served.tasks.has(code)) ?? [];
  const actions = catalog.actionsOf(ref);
  return toServedProcess(
    served,
    [...served.definition.tasks, ...added],
    actions.length === 0 ? undefined : actions,
    encryptionKeyId !== undefined,
  );
}

function toServedProcess(
  { ref, definition }: ServedDefinition,
  tasks: readonly TaskDefinition[],
  actions: readonly ActionDefinition[] | undefined,
  isConfidential: boolean,
): ServedProcess {
  const { process, workflow, webhook, metadata, entity } = definition;
  return withoutUndefined({
    ...ref,
    name: process.name,
    workflowType: workflow?.type,
    taskQueue: workflow?.taskQueue,
    webhookUrl: webhook?.url,
    confidential: isConfidential ? true : undefined,
    metadata,
    entity,
    tasks,
    actions,
  });
}
