// Redraws the tables of docs/internals/peers.md from the facts of the last run, after a title or a group has changed.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/bundle.mjs';
import { writePeers } from './page.mjs';

const docs = join(ROOT, 'docs', 'internals');
await writePeers(docs, JSON.parse(await readFile(join(docs, 'peers.json'), 'utf8')));
