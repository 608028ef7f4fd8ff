import { isRecord, valueAt, type JsonObject } from '../../base/json.ts';
import { schemaErrors } from '../../schema/console-validator.ts';
import { placeOfScope } from '../../schema/form.ts';
import type { UiElement } from './types.ts';

/** Whether the rule of an element shows and enables it; `path` is that of the data which its scopes start from. */
export function applyRule(
  { rule }: UiElement,
  path: string,
  data: JsonObject,
): { readonly visible: boolean; readonly enabled: boolean } {
  const shown = { visible: true, enabled: true };
  if (!isRecord(rule)) return shown;
  try {
    const holds = isMet(rule['condition'], valueAt(data, path));
    switch (rule['effect']) {
      case 'SHOW':
        return { ...shown, visible: holds };
      case 'HIDE':
        return { ...shown, visible: !holds };
      case 'ENABLE':
        return { ...shown, enabled: holds };
      case 'DISABLE':
        return { ...shown, enabled: !holds };
      default:
        return shown;
    }
  } catch {
    // A rule that can't be evaluated must not hide anything.
    return shown;
  }
}

function isMet(condition: unknown, data: unknown): boolean {
  if (!isRecord(condition)) return true;
  const { type, conditions, scope, schema, expectedValue } = condition;
  if (type === 'AND') return (conditions as readonly unknown[]).every((one) => isMet(one, data));
  if (type === 'OR') return (conditions as readonly unknown[]).some((one) => isMet(one, data));
  if (type !== 'LEAF' && schema === undefined) return true;
  const value = valueAt(data, placeOfScope({}, typeof scope === 'string' ? scope : '#', '', {}, data).path);
  if (type === 'LEAF') return value === expectedValue;
  return (condition['failWhenUndefined'] !== true || value !== undefined) && schemaErrors(schema, value).length === 0;
}
