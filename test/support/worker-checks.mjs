// Checks the connection with each of the environments from stdin, in the folder of a TypeScript worker. Prints the results as JSON.
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const internal = join(process.cwd(), 'node_modules/kuflow-worker/dist/internal');
const module = (name) => import(pathToFileURL(join(internal, `${name}.js`)).href);
const [{ check }, { loadSettings }] = await Promise.all([module('check'), module('settings')]);
const cases = JSON.parse(await text(process.stdin));
const run = async ({ environment, seconds }) => {
  const limit = performance.now() / 1000 + seconds;
  const load = () => loadSettings(process.cwd(), environment);
  return { ...(await check(load, () => undefined, { agent: 'checks', limit })), limit };
};
process.stdout.write(JSON.stringify(await Promise.all(cases.map(run))));
process.exit();
