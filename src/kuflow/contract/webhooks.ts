import { Type, type TProperties } from '@sinclair/typebox';
import { DateTime, Uuid, enumeration, model } from './common.ts';
import { ProcessItemTaskState, ProcessItemType } from './process-items.ts';
import { ProcessState } from './processes.ts';

// What KuFlow posts to a customer's address. OpenAPI 3.0 cannot describe these calls, so they are only components.

export const WebhookType = enumeration('WebhookType', [
  'PROCESS.CREATED',
  'PROCESS.STATE_CHANGED',
  'PROCESS_ITEM.CREATED',
  'PROCESS_ITEM.TASK_STATE_CHANGED',
]);

const event = { id: Uuid, version: Type.String(), type: WebhookType, timestamp: DateTime } as const;

export const WebhookEvent = model('WebhookEvent', event, {
  discriminator: {
    propertyName: 'type',
    mapping: {
      'PROCESS.CREATED': '#/components/schemas/WebhookEventProcessCreated',
      'PROCESS.STATE_CHANGED': '#/components/schemas/WebhookEventProcessStateChanged',
      'PROCESS_ITEM.CREATED': '#/components/schemas/WebhookEventProcessItemCreated',
      'PROCESS_ITEM.TASK_STATE_CHANGED': '#/components/schemas/WebhookEventProcessItemTaskStateChanged',
    },
  },
});

function eventWith<Data extends TProperties>(name: string, data: Data) {
  return Type.Object({ ...event, data: model(`${name}Data`, data) }, { $id: name });
}

const processData = { processId: Uuid, processState: ProcessState } as const;
const itemData = { processId: Uuid, processItemId: Uuid, processItemType: ProcessItemType } as const;

export const WebhookEventProcessCreated = eventWith('WebhookEventProcessCreated', processData);

export const WebhookEventProcessStateChanged = eventWith('WebhookEventProcessStateChanged', processData);

export const WebhookEventProcessItemCreated = eventWith('WebhookEventProcessItemCreated', {
  ...itemData,
  processItemState: Type.Optional(ProcessItemTaskState),
  processItemDefinitionCode: Type.Optional(Type.String()),
});

export const WebhookEventProcessItemTaskStateChanged = eventWith('WebhookEventProcessItemTaskStateChanged', {
  ...itemData,
  processItemState: ProcessItemTaskState,
  processItemDefinitionCode: Type.String(),
});

export const webhookSchemas = [
  WebhookEvent,
  WebhookEventProcessCreated,
  WebhookEventProcessStateChanged,
  WebhookEventProcessItemCreated,
  WebhookEventProcessItemTaskStateChanged,
] as const;
