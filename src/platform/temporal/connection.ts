import { AsyncLocalStorage } from 'node:async_hooks';
import { Connection, type CallContext, type ConnectionOptions } from '@temporalio/client';

/**
 * Temporal's connection without asynchronous context. On Node 20 and 22 the first use of an AsyncLocalStorage makes
 * every stream, timer and promise of the process permanently slower; it costs the gateway about a tenth of each call.
 * `withDeadline`, `withAbortSignal` and `withMetadata` therefore only apply to calls that their function makes before
 * its first await.
 */
export class PlatformConnection extends Connection {
  private static readonly contexts = new WeakMap<AsyncLocalStorage<CallContext>, SynchronousContext<CallContext>>();

  protected static override createCtorOptions(
    options: ConnectionOptions,
  ): ReturnType<typeof Connection.createCtorOptions> {
    const made = super.createCtorOptions(options);
    return { ...made, callContextStorage: this.contextFor(made.callContextStorage) };
  }

  protected static override generateRPCImplementation(
    options: Parameters<typeof Connection.generateRPCImplementation>[0],
  ): ReturnType<typeof Connection.generateRPCImplementation> {
    return super.generateRPCImplementation({
      ...options,
      callContextStorage: this.contextFor(options.callContextStorage),
    });
  }

  private static contextFor(storage: AsyncLocalStorage<CallContext>): SynchronousContext<CallContext> {
    const context = this.contexts.get(storage) ?? new SynchronousContext();
    this.contexts.set(storage, context);
    return context;
  }
}

class SynchronousContext<T> extends AsyncLocalStorage<T> {
  private current: T | undefined;

  override run<R>(store: T, callback: () => R): R;
  override run<R, Args extends unknown[]>(store: T, callback: (...args: Args) => R, ...args: Args): R;
  override run<R, Args extends unknown[]>(store: T, callback: (...args: Args) => R, ...args: Args): R {
    const before = this.current;
    this.current = store;
    try {
      return callback(...args);
    } finally {
      this.current = before;
    }
  }

  override getStore(): T | undefined {
    return this.current;
  }
}
