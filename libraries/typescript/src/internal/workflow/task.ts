/** A task of the process, with the types of its data and context data. `code` is its process item definition code in KuFlow. */
interface TaskOfKind<Kind extends string, Data, Context> {
  readonly kind: Kind;
  readonly code: string;
  /** Carries the types for the compiler. Never set. */
  readonly types?: { readonly data: Data; readonly context: Context };
}

/** A task that a person completes. */
export type HumanTask<Data = unknown, Context = unknown> = TaskOfKind<'human', Data, Context>;
/** A task that the worker completes itself. */
export type SystemTask<Data = unknown, Context = unknown> = TaskOfKind<'system', Data, Context>;
/** A message, which is posted to the process. */
export type Message<Data = unknown> = TaskOfKind<'message', Data, unknown>;
/** A thread, in which people discuss. */
export type Thread = TaskOfKind<'thread', unknown, unknown>;

/** A user action that signals the process's workflow. `Input` is the type of the action's input. */
export interface SignalAction<Input = undefined> {
  readonly code: string;
  /** The name of the signal that the action sends. */
  readonly signal: string;
  /** Carries the type for the compiler. Never set. */
  readonly types?: { readonly input: Input };
}

/** Declares a human task, identified by its code in KuFlow. */
export const human = <Data, Context = unknown>(code: string): HumanTask<Data, Context> => ({ kind: 'human', code });
/** Declares a system task, identified by its code in KuFlow. */
export const system = <Data, Context = unknown>(code: string): SystemTask<Data, Context> => ({ kind: 'system', code });
/** Declares a message, identified by its code in KuFlow. */
export const message = <Data = unknown>(code: string): Message<Data> => ({ kind: 'message', code });
/** Declares a thread, identified by its code in KuFlow. */
export const thread = (code: string): Thread => ({ kind: 'thread', code });
/** Declares a user action that signals the workflow. The action is identified by its code in KuFlow and its signal name. */
export const signalAction = <Input = undefined>(code: string, signal: string): SignalAction<Input> => ({ code, signal });
