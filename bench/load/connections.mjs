import { text } from 'node:stream/consumers';

/** The input of the bench on stdin: `{ temporal, engine, namespace, tls, token }`. */
export const config = JSON.parse(await text(process.stdin));

/** Connection options for one of the two ways to the same server. */
export function optionsFor(way) {
  if (way === 'direct') return { address: config.temporal };
  const { serverRootCaCertificate, clientCertificate, clientPrivateKey } = config.tls;
  return {
    address: config.engine,
    tls: {
      serverRootCACertificate: Buffer.from(serverRootCaCertificate),
      clientCertPair: { crt: Buffer.from(clientCertificate), key: Buffer.from(clientPrivateKey) },
    },
    metadata: { authorization: `Bearer ${config.token}`, 'temporal-namespace': config.namespace },
  };
}
