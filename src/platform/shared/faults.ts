import { uuid7 } from '../../base/uuid.ts';
import { isOperationId } from '../../kuflow/contract/operations.ts';

/**
 * What a fault does to a call:
 * - `drop-request` closes the connection before the call is executed.
 * - `drop-answer` executes and commits the call, then closes the connection.
 * - `cut-answer` executes and commits the call, sends the head and the first half of the answer, then closes the connection.
 * - `no-answer` does not execute the call, and leaves the connection open without an answer until the client closes it.
 * - `delay` executes the call `ms` milliseconds later.
 * - `status` does not execute the call, and answers with `status` (and `Retry-After` in seconds).
 */
export type FaultAction =
  | { readonly kind: 'drop-request' }
  | { readonly kind: 'drop-answer' }
  | { readonly kind: 'cut-answer' }
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number };

/** The fields of a kind in addition to `kind`; the first one is required. */
const FIELDS: Readonly<Record<FaultAction['kind'], readonly string[]>> = {
  'drop-request': [],
  'drop-answer': [],
  'cut-answer': [],
  'no-answer': [],
  delay: ['ms'],
  status: ['status', 'retryAfter'],
};

export interface FaultRule {
  /** An operation of KuFlow's API, or `*` for all of them. */
  readonly operationId: string;
  /** How many calls it affects. */
  readonly times: number;
  readonly action: FaultAction;
}

export interface ActiveFault extends FaultRule {
  readonly id: string;
  /** How many calls it will still affect. */
  readonly left: number;
}

/** What is wrong with a rule whose fields have the types of `FaultRequest`; undefined if it is valid. */
export function findFaultProblem({ operationId, action }: Omit<FaultRule, 'times'>): string | undefined {
  if (operationId !== '*' && !isOperationId(operationId))
    return "operationId must be an operation of KuFlow's API, or *";
  const { kind, ...given } = action;
  const fields = FIELDS[kind];
  const [required] = fields;
  if (required !== undefined && !(required in given)) return `action.${required} is required`;
  const surplus = Object.keys(given).find((field) => !fields.includes(field));
  return surplus === undefined ? undefined : `action.${surplus} is not a field of ${kind}`;
}

/** Not derived from the function, because the declarations of the package contain it. */
export interface FaultRegistry {
  add(rule: FaultRule): ActiveFault;
  /** All rules since the last `clear`, used-up ones included, oldest first. */
  list(): ActiveFault[];
  remove(id: string): boolean;
  clear(): void;
  /** Returns the fault for this call, from the oldest matching rule, and uses up one of its `times`. */
  take(operationId: string): FaultAction | undefined;
}

/** `onChange` is called after each change of the rules or of what is left of them. */
export function createFaultRegistry(onChange: () => void = () => undefined): FaultRegistry {
  let faults: (FaultRule & { readonly id: string; left: number })[] = [];
  return {
    add: (rule) => {
      const fault = { id: uuid7(), ...rule, left: rule.times };
      faults.push(fault);
      onChange();
      return { ...fault };
    },
    list: () => faults.map((fault) => ({ ...fault })),
    remove: (id) => {
      const kept = faults.filter((fault) => fault.id !== id);
      if (kept.length === faults.length) return false;
      faults = kept;
      onChange();
      return true;
    },
    clear: () => {
      faults = [];
      onChange();
    },
    take: (operationId) => {
      const match = faults.find((one) => one.left > 0 && (one.operationId === '*' || one.operationId === operationId));
      if (match === undefined) return undefined;
      match.left--;
      onChange();
      return match.action;
    },
  };
}
