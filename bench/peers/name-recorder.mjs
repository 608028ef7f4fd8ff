// Runs a command in a network namespace with a name server, and optionally a proxy, on loopback that record what they are asked for.
// node name-recorder.mjs LIST direct|proxy COMMAND ARG…
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [list, mode, command, ...args] = process.argv.slice(2);
const asked = { names: new Set(), proxied: new Set() };

const must = (program, words) => {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
};
must('ip', ['link', 'set', 'lo', 'up']);
const resolver = `${list}.resolv`;
writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
must('mount', ['--bind', resolver, '/etc/resolv.conf']);

const names = createSocket('udp4');
names.on('message', (query, from) => {
  const labels = [];
  for (let at = 12; query[at] > 0; at += query[at] + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
  asked.names.add(labels.join('.').toLowerCase());
  const answer = Buffer.from(query);
  // A response for a name that does not exist.
  answer[2] = 0x81;
  answer[3] = 0x83;
  names.send(answer, from.port, from.address);
});
names.bind(53, '127.0.0.1');
await once(names, 'listening');

const env = { ...process.env };
if (mode === 'proxy') {
  const proxy = createServer((request, response) => {
    asked.proxied.add(new URL(request.url, 'http://none').host);
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    asked.proxied.add(request.url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy']) {
    env[name] = `http://127.0.0.1:${proxy.address().port}`;
  }
}

const child = spawn(command, args, { stdio: 'inherit', env });
const [status] = await once(child, 'exit');
writeFileSync(list, JSON.stringify({ names: [...asked.names].sort(), proxied: [...asked.proxied].sort() }));
process.exit(status ?? 1);
