import { uuid7 } from '../../base/uuid.ts';

/**
 * What goes wrong with a call:
 * `drop-request`: the connection is cut before anything is done; `drop-answer`: it is done and committed, then the connection is cut;
 * `delay`: it is done `ms` milliseconds later; `status`: it is not done, and answered with `status` (and `Retry-After` in seconds).
 */
export type FaultAction =
  | { readonly kind: 'drop-request' }
  | { readonly kind: 'drop-answer' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number };

export interface FaultRule {
  /** An operation of KuFlow's API, or `*` for each. */
  readonly operationId: string;
  /** How many calls are hit. */
  readonly times: number;
  readonly action: FaultAction;
}

export interface ActiveFault extends FaultRule {
  readonly id: string;
  /** Calls that are still to be hit; 0 when the rule is spent. */
  readonly left: number;
}

export interface FaultRegistry {
  add(rule: FaultRule): ActiveFault;
  /** All rules since the last `clear`, spent ones too, oldest first. */
  list(): ActiveFault[];
  clear(): void;
  /** The action that hits this call, which uses the rule up by one; the oldest fitting rule comes first. */
  take(operationId: string): FaultAction | undefined;
}

export function createFaultRegistry(): FaultRegistry {
  let rules: { readonly rule: FaultRule; readonly id: string; left: number }[] = [];
  const shown = ({ rule, id, left }: (typeof rules)[number]): ActiveFault => ({ id, ...rule, left });
  return {
    add: (rule) => {
      const entry = { rule, id: uuid7(), left: rule.times };
      rules.push(entry);
      return shown(entry);
    },
    list: () => rules.map(shown),
    clear: () => {
      rules = [];
    },
    take: (operationId) => {
      const hit = rules.find(
        ({ rule, left }) => left > 0 && (rule.operationId === '*' || rule.operationId === operationId),
      );
      if (hit === undefined) return undefined;
      hit.left--;
      return hit.rule.action;
    },
  };
}
