import { distinctNameIgnoringCase } from '../../base/identifiers.ts';
import { spaces, Code, codeLines } from '../templates/code.ts';
import { actionLog, type SignalActionInCode, type WorkflowActionInCode } from '../process-actions.ts';
import { repeatsName } from '../task-names.ts';
import { inputTypeOf } from './activities.ts';
import { javaDoc, javaString, javaTypeName } from './literals.ts';
import { callLines, declarationLines, fits, twoParts } from './wrap.ts';

export function actionConstant({ code, title, constant, signal, input }: SignalActionInCode): string {
  const texts = [javaString(code), javaString(signal)];
  const create =
    input === undefined
      ? { callee: 'SignalAction.withoutInput', args: texts }
      : { callee: 'new SignalAction<>', args: [...texts, `${input.name}.class`] };
  const type = `public static final SignalAction<${input?.name ?? 'Void'}>`;
  const comment = repeatsName(title, constant) ? [] : [`    /** ${javaDoc(title, 100)} */`];
  return [...comment, ...declarationLines(type, constant, create, 4)].join('\n');
}

/** The statement of the workflow of a process that handles a user action. */
export function actionHandler({ title, constant }: SignalActionInCode, prefix: string): object {
  const start = '        kuflow.onAction(';
  const args = `${prefix}Actions.${constant}, input -> {`;
  const isShort = fits(start + args);
  const indent = isShort ? 8 : 16;
  return {
    handler: codeLines([
      ...(isShort ? [start + args] : [start, spaces(indent) + args]),
      `${spaces(indent)}    // TODO: handle the action.`,
      ...callLines('', { callee: 'LOG.info', args: [javaString(actionLog(title))] }, ';', indent + 4),
      `${spaces(indent)}});`,
    ]),
  };
}

export function actionWorkflows(workflows: readonly WorkflowActionInCode[], prefix: string) {
  const types = new Set<string>();
  const activities = `${prefix}Activities`;
  return workflows.map(({ code, title, variable, workflowType, activity }) => {
    const type = distinctNameIgnoringCase(`${javaTypeName(variable, 'action')}Workflow`, types);
    types.add(type);
    const run = [
      ...[`${type}Impl.class`, javaString(code), 'kuflow'],
      ...(activity === undefined ? [] : [{ callee: `new ${activities}Impl`, args: ['kuflow.client()'] }]),
    ];
    return {
      title,
      /** Of the class that implements it. */
      name: `${type}Impl`,
      type: new Code(type),
      workflowMethod: codeLines(
        callLines('', { callee: '@WorkflowMethod', args: [`name = ${javaString(workflowType)}`] }, '', 8),
      ),
      classHeader: codeLines(twoParts(`public static class ${type}Impl`, `implements ${type} {`, 4)),
      isDownloadable: activity !== undefined,
      transferField: codeLines(
        twoParts(
          `private final ${activities} activities =`,
          `KuFlowProcess.transferActivities(${activities}.class);`,
          8,
        ),
      ),
      statements: codeLines([
        ...callLines('', { callee: 'LOG.info', args: [javaString(actionLog(title))] }, ';', 12),
        ...(activity === undefined ? plainStatements(title) : documentStatements(activity)),
      ]),
      displayName: codeLines(
        callLines('', { callee: '@DisplayName', args: [javaString(`runs the action ${title}`)] }, '', 4),
      ),
      testName: new Code(`${variable}Action`),
      startRun: codeLines(
        declarationLines('ProcessRun', 'run', { callee: 'ProcessRun.startAction', args: run }, 16, ') {'),
      ),
    };
  });
}

function plainStatements(title: string): readonly string[] {
  return [
    '            // TODO: do the work.',
    ...callLines('return ', { callee: 'ActionResponse.of', args: [javaString(title)] }, ';', 12),
  ];
}

function documentStatements(activity: string): readonly string[] {
  const type = inputTypeOf(activity);
  return [
    ...declarationLines(type, 'input', { callee: `new ${type}`, args: ['request.processId()'] }, 12),
    ...callLines(
      'return ',
      { callee: 'ActionResponse.of', args: [{ callee: `activities.${activity}`, args: ['input'] }] },
      ';',
      12,
    ),
  ];
}
