import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * A registry on loopback that serves this package as if it were published, and redirects other requests to the real registry.
 * @param {{ manifest: Record<string, unknown> & { name: string, version: string }, tarball: Buffer, real: string }} options
 */
export async function startRegistry({ manifest, tarball, real }) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const place = `http://${request.headers.host}/${manifest.name}/-/${manifest.name}-${manifest.version}.tgz`;
    if (pathname === `/${manifest.name}`) {
      const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name: manifest.name,
          'dist-tags': { latest: manifest.version },
          versions: { [manifest.version]: { ...manifest, dist: { tarball: place, integrity } } },
        }),
      );
    } else if (place.endsWith(pathname)) response.end(tarball);
    else response.writeHead(307, { location: new URL(`.${request.url}`, real).href }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
