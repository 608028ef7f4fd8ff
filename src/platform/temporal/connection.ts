import { AsyncLocalStorage } from 'node:async_hooks';
import { Connection, type CallContext, type ConnectionOptions } from '@temporalio/client';
import { GRPC_STATUS } from '../../engine/rpc.ts';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type InterceptedCall = ReturnType<Parameters<Interceptor>[1]>;

interface GrpcClient {
  getChannel(): { getConnectivityState(tryToConnect: boolean): number };
}

// @grpc/grpc-js, whose enum this is from, is not a dependency.
const SHUTDOWN = 4;

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
    const { client, interceptors = [] } = options;
    return super.generateRPCImplementation({
      ...options,
      interceptors: interceptors.map((interceptor) => cancelWhenClosed(interceptor, client)),
      callContextStorage: this.contextFor(options.callContextStorage),
    });
  }

  private static contextFor(storage: AsyncLocalStorage<CallContext>): SynchronousContext<CallContext> {
    const context = this.contexts.get(storage) ?? new SynchronousContext();
    this.contexts.set(storage, context);
    return context;
  }
}

/**
 * Cancels the calls that an interceptor makes when the connection is closed. By default gRPC throws, and nobody catches that in the timer in which
 * Temporal's client makes the next attempt of a call. Nothing stops this timer, not even the signal of the call.
 */
function cancelWhenClosed(interceptor: Interceptor, client: GrpcClient): Interceptor {
  const isClosed = (): boolean => client.getChannel().getConnectivityState(false) === SHUTDOWN;
  return (options, nextCall) => interceptor(options, (next) => (isClosed() ? canceledCall : nextCall(next)));
}

const canceledCall: InterceptedCall = {
  start: (metadata, listener) => {
    listener?.onReceiveMessage?.(null);
    listener?.onReceiveStatus?.({ code: GRPC_STATUS.CANCELLED, details: 'The connection is closed', metadata });
  },
  sendMessage: () => undefined,
  sendMessageWithContext: () => undefined,
  startRead: () => undefined,
  halfClose: () => undefined,
  cancelWithStatus: () => undefined,
  getPeer: () => '',
  getAuthContext: () => null,
};

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
