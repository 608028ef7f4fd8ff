import type { Secret } from '../base/secret.ts';
import type { Ask } from '../terminal/prompts.ts';
import { missingAnswers, type CallPlace } from './create-call.ts';
import type { CreateCall, CreateFlags } from './create-flags.ts';

/** A call with every answer. */
export interface AnsweredCall {
  readonly folder: string;
  readonly flags: CreateFlags;
  /** A secret that was typed. */
  readonly secret?: Secret;
}

/** Asks for what a call does not say, one question after the other, since an answer may raise the next. */
export async function askForMissing(call: CreateCall, ask: Ask, place: CallPlace): Promise<AnsweredCall> {
  let folder = call.folder;
  let flags = call.flags;
  let secret: Secret | undefined;
  for (;;) {
    const next = missingAnswers({ ...(folder === undefined ? {} : { folder }), flags }, place).find(
      ({ question }) => question !== 'client-secret' || secret === undefined,
    );
    if (next === undefined) break;
    switch (next.question) {
      case 'folder':
        folder = await ask.text('Folder of the new project', { fallback: 'kuflow-worker' });
        break;
      case 'source':
        flags = { ...flags, ...(await askForSource(ask)) };
        break;
      case 'process':
        flags = { ...flags, process: await ask.text('Code of the process definition') };
        break;
      case 'task-queue':
        flags = { ...flags, taskQueue: await ask.text("Task queue, as on the definition's screen in KuFlow's app") };
        break;
      case 'workflow-type':
        flags = {
          ...flags,
          workflowType: await ask.text("Workflow type, as on the definition's screen in KuFlow's app"),
        };
        break;
      case 'client-id':
        flags = { ...flags, clientId: await ask.text('Client id of the application') };
        break;
      case 'client-secret':
        secret = await ask.secret('Client secret of the application');
        break;
    }
  }
  return { folder: folder ?? '.', flags, ...(secret === undefined ? {} : { secret }) };
}

async function askForSource(ask: Ask): Promise<Partial<CreateFlags>> {
  const source = await ask.choose('Which process is the worker for?', [
    { value: 'sample', name: 'A sample, on the local platform: no account needed' },
    { value: 'api', name: 'One that KuFlow already runs: read it from the API' },
    { value: 'flags', name: 'A new one: I name its tasks' },
    { value: 'file', name: 'One described in a file (kuflow.process.yaml)' },
  ]);
  switch (source) {
    case 'sample':
      return { local: true };
    case 'file':
      return { definition: await ask.text('Definition file', { fallback: 'kuflow.process.yaml' }) };
    case 'api':
      return { process: await ask.text('Code of the process definition') };
    case 'flags':
      return { process: await ask.text('Code of the process definition'), task: await askForTasks(ask) };
  }
}

async function askForTasks(ask: Ask): Promise<readonly string[]> {
  const answer = await ask.text('Its tasks, as CODE or CODE:KIND with spaces between (human, system, message, thread)');
  return answer.split(/[\s,]+/).filter((task) => task !== '');
}
