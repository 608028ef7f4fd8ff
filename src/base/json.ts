export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text; undefined if the text is not valid. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: Json): value is JsonObject {
  return isRecord(value);
}

export function isJsonList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** A property or an index as one step of a JSON Pointer, with its slash. */
export function pointerStep(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The decoded steps of a JSON Pointer. */
export function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value that a JSON Pointer leads to; undefined if it leads nowhere. */
export function valueAt(data: unknown, pointer: string): unknown {
  let value = data;
  for (const step of pointerSteps(pointer)) {
    if (!(isRecord(value) || Array.isArray(value)) || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/**
 * A copy of the data with this value. Undefined removes the property, and the objects that are empty without it unless `keeps` names them; in
 * an array it leaves null, because the other items must not move.
 */
export function withValueAt(
  data: JsonObject,
  pointer: string,
  value: Json | undefined,
  keeps: (pointer: string) => boolean,
): JsonObject {
  const changed = changedPart(data, pointerSteps(pointer), '', value, keeps);
  return isRecord(changed) ? changed : {};
}

function changedPart(
  part: Json | undefined,
  [step, ...rest]: readonly string[],
  pointer: string,
  value: Json | undefined,
  keeps: (pointer: string) => boolean,
): Json | undefined {
  if (step === undefined) return value;
  const own = pointer + pointerStep(step);
  if (Array.isArray(part)) {
    const items = part as readonly Json[];
    return items.map((item, at) => (String(at) === step ? (changedPart(item, rest, own, value, keeps) ?? null) : item));
  }
  const object = isRecord(part) ? part : {};
  const inner = Object.hasOwn(object, step) ? object[step] : undefined;
  const next = changedPart(inner, rest, own, value, keeps);
  // Entries and not a spread: a property may have the name `__proto__`.
  const entries = Object.entries(object);
  if (next === undefined) {
    const left = entries.filter(([name]) => name !== step);
    return left.length === 0 && pointer !== '' && !keeps(pointer) ? undefined : Object.fromEntries(left);
  }
  if (!Object.hasOwn(object, step)) return Object.fromEntries([...entries, [step, next]]);
  return Object.fromEntries(entries.map(([name, one]) => [name, name === step ? next : one]));
}

/** The data with a text appended to the list at a path. Parts of the path that are missing, or not of the right type, are created. */
export function withListItem(data: unknown, [key, ...rest]: readonly string[], item: string): unknown {
  if (key === undefined) return [...(Array.isArray(data) ? (data as readonly unknown[]) : []), item];
  const object = isRecord(data) ? data : {};
  return { ...object, [key]: withListItem(object[key], rest, item) };
}

/** The data with a text at a path, or without the key if the text is undefined. */
export function withTextAt(
  data: Readonly<Record<string, unknown>>,
  [key = '', ...rest]: readonly string[],
  text: string | undefined,
): Readonly<Record<string, unknown>> {
  const inner = data[key];
  if (text === undefined && (rest.length > 0 ? !isRecord(inner) : !Object.hasOwn(data, key))) return data;
  if (rest.length > 0) return { ...data, [key]: withTextAt(isRecord(inner) ? inner : {}, rest, text) };
  const others = Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));
  return text === undefined ? others : { ...others, [key]: text };
}

/** The text at a path. Undefined if there is no text. */
export function textAtPath(data: unknown, path: readonly string[]): string | undefined {
  const value = path.reduce((at, key) => (isRecord(at) ? at[key] : undefined), data);
  return typeof value === 'string' ? value : undefined;
}

/** How deep data from requests may be nested: far below what overflows the stack of code that walks it. */
export const MAX_LEVELS = 1000;

/** Whether data is nested more than `levels` deep. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

/** JSON with sorted keys: equal for equal values, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

type WithoutUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy without the keys whose value is undefined. For data in which the presence of a key matters: JSON, files, comparisons. */
export function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as WithoutUndefined<T>;
}
