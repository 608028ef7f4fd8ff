import type { WorkerDefinition } from '../../process/definition.ts';
import {
  actionLog,
  processActions,
  type ProcessActions,
  type SignalActionInCode,
  type WorkflowActionInCode,
} from '../process-actions.ts';
import { processTasks } from '../process-tasks.ts';
import type { TaskChoices } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import { repeatsName } from '../task-names.ts';
import { pythonInputType } from './activities.ts';
import { pythonCall, withArguments } from './wrap.ts';
import { cutToColumns, pyComment, pyString, pascalCase, PYTHON_NAMING } from './literals.ts';

/** Keeps the line with the title of an action short enough. */
const LONGEST_TITLE = 45;

export function pythonActions(definition: WorkerDefinition, choices: TaskChoices = {}): ProcessActions {
  const tasks = processTasks({ definition, choices }, PYTHON_NAMING);
  return processActions(definition, PYTHON_NAMING, {
    tasks,
    // They are in the same module, and in modules that import both.
    constants: tasks.map(({ constant }) => constant),
    types: tasks.flatMap(({ kind, activity }) => (kind === 'system' ? [pascalCase(activity)] : [])),
  });
}

export const logAction = (title: string): string =>
  `workflow.logger.info(${pyString(actionLog(cutToColumns(title, LONGEST_TITLE)))})`;

export const actionClass = ({ variable }: Pick<WorkflowActionInCode, 'variable'>): string =>
  `${pascalCase(variable)}Action`;

export function signalConstant({ constant, code, signal, title, input }: SignalActionInCode): string {
  const callee = input === undefined ? 'SignalAction' : `SignalAction[${input.name}]`;
  const comment = repeatsName(title, constant) ? [] : [`# ${pyComment(title)}`];
  return [...comment, pythonCall(`${constant} = `, callee, [pyString(code), pyString(signal)], 0)].join('\n');
}

export function signalHandler({ constant, title }: SignalActionInCode): string {
  return pythonCall('', 'self._kuflow.on_action', [`tasks.${constant}`, `lambda _input: ${logAction(title)}`], 8);
}

export function actionTest(action: WorkflowActionInCode, activities: string | undefined) {
  const args = ['environment', actionClass(action), 'kuflow', pyString(action.code)];
  return {
    testFunction: new Code(
      pythonCall(
        'async def ',
        `test_workflow_runs_the_action_${action.variable}`,
        ['environment: WorkflowEnvironment'],
        0,
        ' -> None:',
      ),
    ),
    startAction: new Code(
      pythonCall(
        'run = await ',
        'start_action',
        [...args, ...(activities === undefined ? [] : [`[${activities}(kuflow)]`])],
        4,
      ),
    ),
  };
}

export function actionWork({ title, activity }: WorkflowActionInCode, prefix: string): string {
  if (activity === undefined) {
    const message = pyString(`${cutToColumns(title, LONGEST_TITLE)}: done`);
    return [
      '        # TODO: do what the action is for. Use activities, as in the workflow of the process.',
      `        return {"message": ${message}}`,
    ].join('\n');
  }
  const input = withArguments(`${pythonInputType(activity)}(`, ['process_id=request["processId"]'], ')');
  const work = withArguments('with_options(', [`${prefix}Activities.${activity}`, 'TRANSFER'], ')');
  return [
    pythonCall('document = await ', 'run_activity', [work, input], 8),
    '        return {"downloadable": {"documentUri": document}}',
  ].join('\n');
}
