import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Passes connections on to another port of this machine, until it goes down. */
export interface TcpRelay {
  readonly port: number;
  /** Closes all connections and refuses new ones. */
  goDown(): Promise<void>;
  /** Accepts connections again, on the same port. */
  comeUp(): Promise<void>;
}

export async function startTcpRelay(to: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = async (port: number): Promise<number> => {
    server = createServer((client) => {
      const target = connect(to, '127.0.0.1');
      for (const [socket, other] of [
        [client, target],
        [target, client],
      ] as const) {
        sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    goDown: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    comeUp: async () => {
      await listen(port);
    },
  };
}
