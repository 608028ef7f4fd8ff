import { isRecord, pointerStep, pointerSteps, type Json, type JsonObject } from '../../base/json.ts';

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
