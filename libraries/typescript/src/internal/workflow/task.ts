/** A task of the process, with the types of its data and context data. `code` is its process item definition code in KuFlow. */
interface TaskOfKind<Kind extends string, Data, Context> {
  readonly kind: Kind;
  readonly code: string;
  /** Carries the types for the compiler. Never set. */
  readonly types?: { readonly data: Data; readonly context: Context };
}

export type HumanTask<Data = unknown, Context = unknown> = TaskOfKind<'human', Data, Context>;
export type SystemTask<Data = unknown, Context = unknown> = TaskOfKind<'system', Data, Context>;
export type Message<Data = unknown> = TaskOfKind<'message', Data, unknown>;
export type Thread = TaskOfKind<'thread', unknown, unknown>;

export const human = <Data, Context = unknown>(code: string): HumanTask<Data, Context> => ({ kind: 'human', code });
export const system = <Data, Context = unknown>(code: string): SystemTask<Data, Context> => ({ kind: 'system', code });
export const message = <Data = unknown>(code: string): Message<Data> => ({ kind: 'message', code });
export const thread = (code: string): Thread => ({ kind: 'thread', code });
