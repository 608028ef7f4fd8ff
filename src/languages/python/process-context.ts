import { printableJson } from '../../base/escape.ts';
import type { ProcessToRender } from '../process-parts.ts';
import {
  declaredData,
  definitionContext,
  processActivities,
  processTasks,
  systemTaskSchemas,
  TASK_CLASSES,
  testSample,
  type ProcessTask,
} from '../process-tasks.ts';
import { Code, codeLines } from '../templates/code.ts';
import { repeatsName } from '../task-names.ts';
import { hasActivities } from '../process-actions.ts';
import {
  actionClass,
  actionTest,
  actionWork,
  logAction,
  pythonActions,
  signalConstant,
  signalHandler,
} from './actions.ts';
import { pythonCall } from './wrap.ts';
import { activityMethod, inputClass, overridingMethod, pythonInputType } from './activities.ts';
import { declarePythonTypes } from './declarations.ts';
import { pyComment, pyDoc, pyString, PYTHON_NAMING, UNTYPED_DICT } from './literals.ts';
import type { PythonLayout } from './layout.ts';
import { pythonStatement } from './workflow-statements.ts';

export function pythonProcessContext(process: ProcessToRender<PythonLayout>): object {
  const { definition, layout, isFirst } = process;
  const { prefix, packageName, part } = layout;
  const tasks = processTasks(process, PYTHON_NAMING);
  const { signals, withdrawals, handled, workflows } = pythonActions(definition, process.choices);
  const activities = processActivities(definition, tasks, workflows);
  const declared = declaredData(definition, tasks, signals);
  const inputs = activities.map(inputClass).join('\n\n');
  const approvals = tasks.filter(({ approval }) => approval !== undefined);
  const checks = approvals.flatMap(({ code, approval }) => {
    const check = tasks.find(({ variable }) => variable === approval?.check);
    const activity = activities.find(({ name }) => name === check?.activity);
    return activity === undefined ? [] : [{ approval: code, activity }];
  });
  const accepting = checks.map(({ activity }) => overridingMethod(activity, { decision: 'ACCEPT' })).join('\n');
  const isUsingActivities = isFirst || hasActivities(definition);

  return {
    prefix: new Code(prefix),
    processModule: new Code(`${packageName}.${part}`),
    typeNames: namesOf(declared.map(({ name }) => name)),
    activityNames: namesOf([`${prefix}Activities`, ...activities.map(({ name }) => pythonInputType(name))]),
    actionNames: namesOf(workflows.map(actionClass)),
    definitionFile: layout.definitionFile,
    processDoc: new Code(pyDoc(definition.process.code, 50)),
    ...definitionContext(definition),
    hasActivities: isUsingActivities,
    hasSignals: signals.length > 0,
    hasConstants: tasks.length + signals.length > 0,
    handledActions: handled.map((action) => ({ handler: new Code(signalHandler(action)) })),
    withdrawals: withdrawals.map(({ constant }) => ({
      constant: new Code(constant),
      results: approvals.flatMap(({ approval }) =>
        approval?.rejection === undefined ? [] : [{ constant: new Code(approval.rejection) }],
      ),
    })),
    hasActionWorkflows: workflows.length > 0,
    actionWorkflows: workflows.map((action) => ({
      title: action.title,
      log: new Code(logAction(action.title)),
      className: new Code(actionClass(action)),
      decorator: new Code(workflowDecorator(action.workflowType)),
      work: new Code(actionWork(action, prefix)),
      ...actionTest(action, isUsingActivities ? `${prefix}Activities` : undefined),
    })),
    workflowDecorator: new Code(workflowDecorator(definition.workflow.type)),
    steps: tasks.map((task) => ({
      hasComment: !repeatsName(task.title, task.variable),
      title: new Code(pyComment(task.title)),
      statement: new Code(pythonStatement(task, prefix)),
    })),
    activityInputs: new Code(inputs.trimEnd()),
    activityMethods: codeLines(activities.map(activityMethod)),
    taskConstants: codeLines([...tasks.map(taskConstant), ...signals.map(signalConstant)]),
    declarations: new Code(declarePythonTypes(declared).trimEnd()),
    schemas: new Code(printableJson(systemTaskSchemas(definition), true)),
    approvals: approvals.map(({ code }) => ({ code })),
    checks: checks.map(({ approval }) => ({ approval, prefix: new Code(prefix), accepting: new Code(accepting) })),
    sampleFile: `${layout.sampleName}.json`,
    sample: new Code(printableJson(testSample(definition), true)),
  };
}

const namesOf = (names: readonly string[]): Code => new Code(names.join(', '));

const workflowDecorator = (type: string): string => pythonCall('', '@workflow.defn', [`name=${pyString(type)}`], 0);

function taskConstant({ kind, title, constant, code, dataType, contextType }: ProcessTask): string {
  const name = TASK_CLASSES[kind];
  const types = [dataType ?? UNTYPED_DICT, ...(contextType === undefined ? [] : [contextType])];
  const callee = kind === 'human' || kind === 'system' ? `${name}[${types.join(', ')}]` : name;
  const comment = repeatsName(title, constant) ? [] : [`# ${pyComment(title)}`];
  return [...comment, pythonCall(`${constant} = `, callee, [pyString(code)], 0)].join('\n');
}
