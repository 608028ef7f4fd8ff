import { isRecord } from '../../base/json.ts';
import { isOperationId } from '../../kuflow/contract/operations.ts';
import type { FaultAction, FaultRule } from './registry.ts';

export type ParsedFaultRule =
  { readonly ok: true; readonly rule: FaultRule } | { readonly ok: false; readonly problem: string };

/** Reads a rule from JSON: `{"operationId": "createProcessItem", "times": 1, "action": {"kind": "drop-answer"}}`; `times` is 1 when absent. */
export function parseFaultRule(value: unknown): ParsedFaultRule {
  if (!isRecord(value)) return invalidRule('a rule is an object');
  const { operationId, times = 1 } = value;
  if (typeof operationId !== 'string' || (operationId !== '*' && !isOperationId(operationId))) {
    return invalidRule("operationId must be an operation of KuFlow's API or *");
  }
  if (!isIntegerBetween(times, 1, 1_000_000)) return invalidRule('times must be a whole number from 1 on');
  const action = parseAction(value['action']);
  return typeof action === 'string' ? invalidRule(action) : { ok: true, rule: { operationId, times, action } };
}

function invalidRule(problem: string): ParsedFaultRule {
  return { ok: false, problem };
}

function isIntegerBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** The action, or what is wrong with it. */
function parseAction(value: unknown): FaultAction | string {
  if (!isRecord(value)) return 'action must be an object';
  switch (value['kind']) {
    case 'drop-request':
    case 'drop-answer':
      return { kind: value['kind'] };
    case 'delay': {
      const { ms } = value;
      return isIntegerBetween(ms, 0, 600_000) ? { kind: 'delay', ms } : 'action.ms must be milliseconds, 0 to 600000';
    }
    case 'status': {
      const { status, retryAfter } = value;
      if (!isIntegerBetween(status, 400, 599)) return 'action.status must be from 400 to 599';
      if (retryAfter === undefined) return { kind: 'status', status };
      return isIntegerBetween(retryAfter, 0, 3600)
        ? { kind: 'status', status, retryAfter }
        : 'action.retryAfter must be seconds, 0 to 3600';
    }
    default:
      return 'action.kind must be drop-request, drop-answer, delay or status';
  }
}
