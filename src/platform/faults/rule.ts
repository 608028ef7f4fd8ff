import { isRecord } from '../../base/json.ts';
import { isOperationId } from '../../kuflow/contract/operations.ts';
import type { FaultAction, FaultRule } from './registry.ts';

export type ParsedFaultRule =
  | { readonly ok: true; readonly rule: FaultRule }
  | { readonly ok: false; readonly problem: string };

/**
 * Parses `{"operationId": "createProcessItem", "times": 1, "action": {"kind": "drop-answer"}}`. `times` defaults to 1.
 */
export function parseFaultRule(value: unknown): ParsedFaultRule {
  if (!isRecord(value)) return invalidRule('it must be an object');
  const { operationId, times = 1 } = value;
  if (typeof operationId !== 'string' || (operationId !== '*' && !isOperationId(operationId))) {
    return invalidRule("operationId must be an operation of KuFlow's API, or *");
  }
  if (!isIntegerBetween(times, 1, 1_000_000)) return invalidRule('times must be an integer from 1 to 1000000');
  const action = parseAction(value['action']);
  if (typeof action === 'string') return invalidRule(action);
  const surplus = Object.keys(value['action'] as object).find((field) => !(field in action));
  if (surplus !== undefined) return invalidRule(`action.${surplus} is not a field of ${action.kind}`);
  return { ok: true, rule: { operationId, times, action } };
}

function invalidRule(problem: string): ParsedFaultRule {
  return { ok: false, problem };
}

function isIntegerBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

/** Returns the action, or a message that says what is wrong with it. */
function parseAction(value: unknown): FaultAction | string {
  if (!isRecord(value)) return 'action must be an object';
  switch (value['kind']) {
    case 'drop-request':
    case 'drop-answer':
    case 'cut-answer':
    case 'no-answer':
      return { kind: value['kind'] };
    case 'delay': {
      const { ms } = value;
      return isIntegerBetween(ms, 0, 600_000) ? { kind: 'delay', ms } : 'action.ms must be 0 to 600000 milliseconds';
    }
    case 'status': {
      const { status, retryAfter } = value;
      if (!isIntegerBetween(status, 400, 599)) return 'action.status must be 400 to 599';
      if (retryAfter === undefined) return { kind: 'status', status };
      return isIntegerBetween(retryAfter, 0, 3600)
        ? { kind: 'status', status, retryAfter }
        : 'action.retryAfter must be 0 to 3600 seconds';
    }
    default:
      return 'action.kind must be drop-request, drop-answer, cut-answer, no-answer, delay or status';
  }
}
