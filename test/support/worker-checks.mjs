// Checks the connection with each of the environments of stdin, in the folder of a TypeScript worker. Prints the results as JSON.
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const internal = join(process.cwd(), 'node_modules/kuflow-worker/dist/internal');
const load = (name) => import(pathToFileURL(join(internal, `${name}.js`)).href);
const [{ check }, { loadSettings }] = await Promise.all([load('check'), load('settings')]);
const cases = JSON.parse(await text(process.stdin));
const run = ({ environment, seconds }) =>
  check(
    () => loadSettings(process.cwd(), environment),
    () => undefined,
    { agent: 'checks', limit: performance.now() / 1000 + seconds },
  );
process.stdout.write(JSON.stringify(await Promise.all(cases.map(run))));
process.exit();
