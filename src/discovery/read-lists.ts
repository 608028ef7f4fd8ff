import { isRecord } from '../base/json.ts';

/** A process in a list. Lists do not contain values. */
export interface SeenProcess {
  readonly id: string;
  readonly code: string;
  readonly definitionId: string;
  readonly version: string;
  readonly tenant: string;
  /** Milliseconds since the epoch; NaN if unknown. */
  readonly createdAt: number;
  readonly completed: boolean;
}

/** A process item in a list, without its text. */
export interface SeenItem {
  readonly id: string;
  readonly processId: string;
  readonly tenant: string | undefined;
  readonly type: 'TASK' | 'MESSAGE' | 'THREAD';
  /** Code of the item's definition; undefined for items that people added by hand. */
  readonly code: string | undefined;
  /** Milliseconds since the epoch; NaN if unknown. */
  readonly createdAt: number;
  readonly createdBy: string | undefined;
  readonly ownerId: string | undefined;
  readonly completed: boolean;
}

export interface SeenPage<Item> {
  readonly items: readonly Item[];
  /** Number of entries in the whole list, not only in this page. */
  readonly total: number;
  /** Entries without the required fields. */
  readonly unreadable: number;
}

const nonEmptyString = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function readPage<Item>(answer: unknown, read: (entry: Record<string, unknown>) => Item | undefined): SeenPage<Item> {
  const content = isRecord(answer) && Array.isArray(answer['content']) ? (answer['content'] as readonly unknown[]) : [];
  const items = content.flatMap((entry) => (isRecord(entry) ? (read(entry) ?? []) : []));
  const metadata = isRecord(answer) && isRecord(answer['metadata']) ? answer['metadata'] : {};
  const total = metadata['totalElements'];
  return {
    items,
    total: typeof total === 'number' && total >= content.length ? total : content.length,
    unreadable: content.length - items.length,
  };
}

export function readProcesses(answer: unknown): SeenPage<SeenProcess> {
  return readPage(answer, (entry) => {
    const ref = isRecord(entry['processDefinitionRef']) ? entry['processDefinitionRef'] : {};
    const [id, code, definitionId] = [
      nonEmptyString(entry['id']),
      nonEmptyString(ref['code']),
      nonEmptyString(ref['id']),
    ];
    const [version, tenant] = [nonEmptyString(ref['version']), nonEmptyString(entry['tenantId'])];
    if (id === undefined || code === undefined || definitionId === undefined) return undefined;
    if (version === undefined || tenant === undefined) return undefined;
    const createdAt = Date.parse(nonEmptyString(entry['createdAt']) ?? '');
    return { id, code, definitionId, version, tenant, createdAt, completed: entry['state'] === 'COMPLETED' };
  });
}

export function readItems(answer: unknown): SeenPage<SeenItem> {
  return readPage(answer, (entry) => {
    const ref = isRecord(entry['processItemDefinitionRef']) ? entry['processItemDefinitionRef'] : {};
    const task = isRecord(entry['task']) ? entry['task'] : {};
    const [id, processId, type] = [nonEmptyString(entry['id']), nonEmptyString(entry['processId']), entry['type']];
    if (id === undefined || processId === undefined) return undefined;
    if (type !== 'TASK' && type !== 'MESSAGE' && type !== 'THREAD') return undefined;
    return {
      id,
      processId,
      tenant: nonEmptyString(entry['tenantId']),
      type,
      code: nonEmptyString(ref['code']),
      createdAt: Date.parse(nonEmptyString(entry['createdAt']) ?? ''),
      createdBy: nonEmptyString(entry['createdBy']),
      ownerId: nonEmptyString(entry['ownerId']),
      completed: task['state'] === 'COMPLETED',
    };
  });
}

/** Ids of the principals in a list, without their names. */
export function readPrincipalIds(answer: unknown): SeenPage<string> {
  return readPage(answer, (entry) => nonEmptyString(entry['id']));
}

/** A KuFlow JSON value in an answer: its content, and whether KuFlow says that it does not match its schema. Undefined if it is absent or empty. */
export function jsonValueIn(
  holder: unknown,
  key: string,
): { readonly value: Record<string, unknown>; readonly isInvalid: boolean } | undefined {
  const json = isRecord(holder) ? holder[key] : undefined;
  if (!isRecord(json)) return undefined;
  const { value, valid } = json;
  return isRecord(value) && Object.keys(value).length > 0 ? { value, isInvalid: valid === false } : undefined;
}
