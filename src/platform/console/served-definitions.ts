import { withoutUndefined } from '../../base/json.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { DefinitionCatalog, ServedDefinition } from '../domain/definitions.ts';
import type { ProcessRow } from '../store/processes.ts';
import type { ServedDefinitions, ServedProcess } from '../shared/dev-contract.ts';

/** What new processes use. */
export function listServedDefinitions({ all, problems }: DefinitionCatalog): ServedDefinitions {
  return {
    definitions: all.map((served) =>
      toServedProcess(served, served.definition, served.definition.process.confidential === true),
    ),
    problems,
  };
}

/** Its version, with the tasks that were added since its start. Undefined if no version of its definition is known. */
export function findDefinitionOfProcess(catalog: DefinitionCatalog, { definition: ref, encryptionKeyId }: ProcessRow) {
  const served = catalog.forProcess(ref);
  if (served === undefined) return undefined;
  const current = catalog.current(ref);
  const added = current?.definition.tasks.filter(({ code }) => !served.tasks.has(code)) ?? [];
  const actions = catalog.actionsOf(ref);
  const tasks = [...served.definition.tasks, ...added];
  return toServedProcess(served, { tasks, ...(actions.length > 0 && { actions }) }, encryptionKeyId !== undefined);
}

function toServedProcess(
  { ref, definition }: ServedDefinition,
  { tasks, actions }: Pick<ProcessDefinition, 'tasks' | 'actions'>,
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
