import { AsyncLocalStorage } from 'node:async_hooks';
import { Connection, type CallContext, type ConnectionOptions } from '@temporalio/client';

/** Temporal's client accepts only `host:port`: a host name with this prefix contains the path of a Unix socket. */
const SOCKET_HOST = 'unix-socket-';

/**
 * Temporal's connection, also to `unix:<path>`, and without asynchronous context. On Node 20 and 22 the first use of an AsyncLocalStorage makes
 * every stream, timer and promise of the process permanently slower; it costs the gateway about a tenth of each call.
 * `withDeadline`, `withAbortSignal` and `withMetadata` therefore only apply to calls that their function makes before
 * its first await.
 */
export class PlatformConnection extends Connection {
  static override readonly Client = class extends Connection.Client {
    constructor(...[address, ...rest]: ConstructorParameters<typeof Connection.Client>) {
      super(decodeSocket(address), ...rest);
    }
  };

  private static readonly contexts = new WeakMap<AsyncLocalStorage<CallContext>, SynchronousContext<CallContext>>();

  protected static override createCtorOptions(
    options: ConnectionOptions,
  ): ReturnType<typeof Connection.createCtorOptions> {
    const { address } = options;
    const made = super.createCtorOptions({
      ...options,
      ...(address === undefined ? {} : { address: encodeSocket(address) }),
    });
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

function encodeSocket(address: string): string {
  return address.startsWith('unix:') ? `${SOCKET_HOST}${Buffer.from(address).toString('hex')}` : address;
}

function decodeSocket(address: string): string {
  const [host = ''] = address.split(':');
  return host.startsWith(SOCKET_HOST) ? Buffer.from(host.slice(SOCKET_HOST.length), 'hex').toString() : address;
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
