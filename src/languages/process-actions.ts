import type { TaskKind, WorkerDefinition } from '../process/definition.ts';
import { sampleDecision } from '../process/sample.ts';
import { distinctName, distinctNameIgnoringCase, identifier } from '../base/identifiers.ts';
import type { NamedSchema } from '../schema/code-types.ts';
import type { Naming } from './task-names.ts';

interface ActionInCode {
  readonly code: string;
  readonly title: string;
  readonly variable: string;
}

/** A user action that signals the workflow of the process. */
export interface SignalActionInCode extends ActionInCode {
  readonly constant: string;
  readonly signal: string;
  /** What people enter, with the name of its type. */
  readonly input: NamedSchema | undefined;
}

/** A user action that starts a separate workflow, which the worker runs too. */
export interface WorkflowActionInCode extends ActionInCode {
  readonly workflowType: string;
  /** The activity that creates the document of a downloadable action. */
  readonly activity: string | undefined;
}

/** The user actions that a worker has code for. KuFlow carries out the others itself. */
export interface ProcessActions {
  readonly signals: readonly SignalActionInCode[];
  /** Those of `signals` that withdraw the sample process, whose workflow then cancels its open tasks, and the others. */
  readonly withdrawals: readonly SignalActionInCode[];
  readonly handled: readonly SignalActionInCode[];
  readonly workflows: readonly WorkflowActionInCode[];
}

export const actionLog = (title: string): string => `User action: ${title}`;

/** The user actions of a process with their names in code. Actions that are added later do not change the names of the others. */
export function processActions(
  definition: WorkerDefinition,
  { style, reserved, key, typeName, constantName }: Naming,
  taken: {
    readonly tasks: readonly { readonly kind: TaskKind; readonly activity: string }[];
    readonly constants?: readonly string[];
    readonly types?: readonly string[];
  },
): ProcessActions {
  const names = new Set<string>();
  const constants = new Set(taken.constants);
  const types = new Set(taken.types);
  const activities = new Set(taken.tasks.flatMap(({ kind, activity }) => (kind === 'system' ? [key(activity)] : [])));
  const signals: SignalActionInCode[] = [];
  const workflows: WorkflowActionInCode[] = [];
  const withdrawal = sampleDecision(definition)?.withdrawal;
  for (const action of definition.actions ?? []) {
    const { code } = action;
    const variable = distinctName(identifier(code, style, reserved, 'action'), (name) => names.has(key(name)));
    names.add(key(variable));
    const inCode = { code, title: action.name?.trim() || code, variable };
    if (action.type === 'send-workflow-signal') {
      const type = distinctNameIgnoringCase(typeName(variable), types);
      types.add(type);
      const constant = distinctNameIgnoringCase(constantName(variable), constants);
      constants.add(constant);
      signals.push({
        ...{ ...inCode, constant, signal: action.signal },
        input: action.input && { name: `${type}Input`, schema: action.input.schema },
      });
    }
    if (action.type === 'start-workflow' || action.type === 'downloadable') {
      // Several actions can start the same workflow.
      if (workflows.some(({ workflowType }) => workflowType === action.workflow.type)) continue;
      // Workflow types are unique in a project, unlike the codes of actions.
      const name = identifier(
        `create ${action.workflow.type.replace(/Workflow$/, '')} document`,
        style,
        reserved,
        'activity',
      );
      const activity = distinctName(name, (one) => activities.has(key(one)));
      if (action.type === 'downloadable') activities.add(key(activity));
      workflows.push({
        ...{ ...inCode, workflowType: action.workflow.type },
        activity: action.type === 'downloadable' ? activity : undefined,
      });
    }
  }
  return {
    signals,
    withdrawals: signals.filter(({ code }) => code === withdrawal),
    handled: signals.filter(({ code }) => code !== withdrawal),
    workflows,
  };
}

export function hasActivities({ tasks, actions = [] }: WorkerDefinition): boolean {
  return tasks.some(({ kind }) => kind === 'system') || actions.some(({ type }) => type === 'downloadable');
}
