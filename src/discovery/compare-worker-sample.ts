import type { WorkerDefinition } from '../process/definition.ts';
import type { SampleValue, WorkerSample } from '../process/worker-sample/read.ts';
import { isReordered } from './compare-definition.ts';
import { describeFindings, type Comparison, type FoundDifference } from './findings.ts';

/** A sample may have been edited, so a task that it does not have is not reported as removed. */
export function compareWorkerSample(definition: WorkerDefinition, sample: WorkerSample): Comparison {
  const known = new Map(definition.tasks.map((task) => [task.code, task]));
  const codes = sample.tasks.map(({ code }) => code);
  const order = codes.filter((code) => known.has(code));
  const differences: readonly FoundDifference[] = [
    ...compareValue('taskQueue', definition.workflow.taskQueue, sample.taskQueue),
    ...compareValue('type', definition.workflow.type, sample.workflowType),
    ...sample.tasks.flatMap(({ code: task, kind, name, file, line }): readonly FoundDifference[] => {
      const evidence = { file, line };
      const from = known.get(task)?.kind;
      if (from === undefined) {
        const named = name === undefined ? {} : { name };
        return [{ kind: 'task-added', task, to: kind ?? 'human', ...named, evidence, drift: true }];
      }
      const isSame = kind === undefined || kind === from;
      return isSame ? [] : [{ kind: 'task-retyped', task, from, to: kind, evidence, drift: true }];
    }),
    ...[...known.keys()]
      .filter((code) => !codes.includes(code))
      .map((task): FoundDifference => ({ kind: 'task-not-seen', task, drift: false })),
    ...(isReordered(order, [...known.keys()]) ? [{ kind: 'tasks-reordered', order, drift: false } as const] : []),
  ];
  return {
    findings: describeFindings(differences),
    fieldsCompared: false,
    unknown: [
      ...notCompared('task queue', sample.taskQueue),
      ...notCompared('workflow type', sample.workflowType),
      ...(sample.tasks.length === 0 ? ['The tasks could not be compared: the worker sample does not contain any'] : []),
    ],
  };
}

function compareValue(key: 'type' | 'taskQueue', from: string, found: SampleValue): readonly FoundDifference[] {
  if (found.kind === 'missing' || found.value === from) return [];
  const { value: to, file, line } = found;
  return [{ kind: 'workflow-changed', key, from, to, evidence: { file, line }, drift: true }];
}

function notCompared(what: string, value: SampleValue): readonly string[] {
  return value.kind === 'found' ? [] : [`The ${what} could not be compared: in the worker sample, ${value.reason}`];
}
