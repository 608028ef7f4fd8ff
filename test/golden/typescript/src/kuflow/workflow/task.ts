/** A task of the process, with the types of its data and its context data. `code` is KuFlow's process item definition code. */
interface TaskOf<Kind extends string, Data, Context> {
  readonly kind: Kind;
  readonly code: string;
  /** Only for the compiler. */
  readonly types?: { readonly data: Data; readonly context: Context };
}

export type HumanTask<Data = unknown, Context = unknown> = TaskOf<'human', Data, Context>;
export type SystemTask<Data = unknown, Context = unknown> = TaskOf<'system', Data, Context>;
export type Message<Data = unknown> = TaskOf<'message', Data, unknown>;
export type Thread = TaskOf<'thread', unknown, unknown>;

export const human = <Data, Context = unknown>(code: string): HumanTask<Data, Context> => ({ kind: 'human', code });
export const system = <Data, Context = unknown>(code: string): SystemTask<Data, Context> => ({ kind: 'system', code });
export const message = <Data = unknown>(code: string): Message<Data> => ({ kind: 'message', code });
export const thread = (code: string): Thread => ({ kind: 'thread', code });
