import { Type, type Static } from '@sinclair/typebox';
import { UUID_PATTERN } from '../../base/is-uuid.ts';
import { ACTION_AUDIENCES, ACTION_TYPES, TASK_KINDS, TASK_QUEUE_PATTERN, WEBHOOK_URL_PATTERN } from '../definition.ts';
import type { ActionAudience, ActionType, TaskKind } from '../definition.ts';

const closed = { additionalProperties: false };

const text = (description: string) => Type.String({ description, pattern: '\\S' });

const uuid = (description: string) => Type.String({ description, pattern: UUID_PATTERN });

const workflow = (description: string, owner: string) =>
  Type.Object(
    {
      type: text(`Workflow type, exactly as set in the ${owner} definition in the KuFlow app.`),
      'task-queue': Type.String({
        description: `Task queue, exactly as set in the ${owner} definition in the KuFlow app.`,
        pattern: TASK_QUEUE_PATTERN,
      }),
    },
    { ...closed, description },
  );

const shape = (description: string) =>
  Type.Object(
    {
      schema: Type.Object(
        {},
        {
          description:
            'JSON Schema of the value, as copied from the KuFlow app. Draft 7 unless $schema names another one.',
        },
      ),
      'ui-schema': Type.Optional(
        Type.Object({}, { description: 'JSON Forms UI schema: the layout of the form in KuFlow.' }),
      ),
    },
    { ...closed, description },
  );

const TaskFile = Type.Object(
  {
    code: text('Code of the process item definition in the KuFlow app; must be unique in the process.'),
    kind: Type.Unsafe<TaskKind>({
      type: 'string',
      enum: TASK_KINDS,
      description:
        'human: a person completes it. system: the worker completes it. message: a text to read. thread: a conversation.',
    }),
    name: Type.Optional(Type.String({ description: 'Display name of the task.' })),
    description: Type.Optional(Type.String({ description: 'What the task is for.' })),
    data: Type.Optional(shape('The data that the task collects.')),
    'context-data': Type.Optional(shape('The data that the task shows to the person who works on it.')),
    candidates: Type.Optional(
      Type.Array(text('Code of a group or email of a user.'), {
        description:
          'Who may claim a human task in the local KuFlow: groups and users of kuflow.people.yaml. Default: everyone.',
        minItems: 1,
        uniqueItems: true,
      }),
    ),
  },
  { ...closed, description: 'One task of the process.' },
);

const ActionFile = Type.Object(
  {
    code: text('Code of the action in the KuFlow app, unique among the actions of the process.'),
    type: Type.Unsafe<ActionType>({ type: 'string', enum: ACTION_TYPES, description: 'What the action does.' }),
    name: Type.Optional(Type.String({ description: 'Display name of the action.' })),
    description: Type.Optional(Type.String({ description: 'What the action is for.' })),
    'available-to': Type.Optional(
      Type.Array(Type.Unsafe<ActionAudience>({ type: 'string', enum: ACTION_AUDIENCES }), {
        description: 'Who may invoke the action. Default: both.',
        minItems: 1,
        uniqueItems: true,
      }),
    ),
    workflow: Type.Optional(workflow('start-workflow and downloadable: the workflow to start.', 'action')),
    signal: Type.Optional(text('send-workflow-signal: name of the signal.')),
    input: Type.Optional(shape('send-workflow-signal: the input that people fill in.')),
    task: Type.Optional(text('create-task: code of a human or system task.')),
    message: Type.Optional(
      text("create-process-item-message: code of a message task. Without it, KuFlow's built-in message."),
    ),
    thread: Type.Optional(text('create-process-item-thread: code of a thread task.')),
    process: Type.Optional(text('start-related-process: code of the process to start.')),
  },
  { ...closed, description: 'One user action: what people can invoke in a running process.' },
);

/** The content of `kuflow.process.yaml` as written. The published JSON Schema and the validation of the file come from it. */
export const DefinitionFileSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'For editors. Only needed in JSON files.' })),
    process: Type.Object(
      {
        code: text('Code of the process definition in the KuFlow app.'),
        name: Type.Optional(Type.String({ description: 'Display name of the process.' })),
        id: Type.Optional(uuid('ID of the process definition.')),
        version: Type.Optional(uuid('ID of the version of the process definition.')),
        tenant: Type.Optional(uuid('ID of the tenant.')),
        confidential: Type.Optional(
          Type.Boolean({
            description:
              'Whether the process is confidential, exactly as set in the KuFlow app. If it is, the workflow data of new processes is encrypted.',
          }),
        ),
      },
      { ...closed, description: 'Identifies the process.' },
    ),
    workflow: Type.Optional(workflow('How KuFlow starts the workflow of the process.', 'process')),
    webhook: Type.Optional(
      Type.Object(
        {
          url: Type.String({ description: 'URL to which KuFlow sends the events.', pattern: WEBHOOK_URL_PATTERN }),
        },
        {
          ...closed,
          description:
            'For a process that a program runs with the REST API instead of a workflow (engine "API & Webhooks").',
        },
      ),
    ),
    metadata: Type.Optional(shape('The metadata of the process.')),
    entity: Type.Optional(shape('The entity of the process.')),
    tasks: Type.Optional(Type.Array(TaskFile, { description: 'The tasks, in their usual order.' })),
    actions: Type.Optional(
      Type.Array(ActionFile, { description: 'The user actions, in the order of the menu of the process.' }),
    ),
  },
  { ...closed },
);

export type DefinitionFile = Static<typeof DefinitionFileSchema>;
