// Stores the code that V8 compiles for CommonJS modules of packages in `.test-output/code`, as newer versions of Node.js can. Loading modules is most of
// what short programs do, and the tests start the same ones a thousand times.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join } = require('node:path');
const { cachedDataVersionTag } = require('node:v8');
const { Script } = require('node:vm');
const { threadId } = require('node:worker_threads');

/** Reading the stored code of a shorter module takes as long as compiling it. */
const MIN_LENGTH = 2000;
const START = '(function (exports, require, module, __filename, __dirname) { ';
const END = '\n});';

const folder = join(__dirname, '../.test-output/code', String(cachedDataVersionTag()));
const added = new Map();
const compile = Module.prototype._compile;

Module.prototype._compile = function (text, filename, format) {
  const isStored = text.length >= MIN_LENGTH && filename.includes('node_modules') && format !== 'module';
  const script = isStored && isPlain(text, filename) ? scriptOf(text, filename) : undefined;
  if (script === undefined) return compile.call(this, text, filename, format);
  const run = script.runInThisContext();
  return run.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename));
};

/** Stored code cannot import ES modules. TypeScript, which only contains such text, does not. */
function isPlain(text, filename) {
  return !text.startsWith('#!') && (!/\bimport\s*\(/.test(text) || /[\\/]typescript[\\/]lib[\\/]/.test(filename));
}

function scriptOf(text, filename) {
  const path = join(folder, createHash('sha1').update(text).digest('hex'));
  const cachedData = readStored(path);
  try {
    const script = new Script(`${START}${text}${END}`, {
      filename,
      columnOffset: -START.length,
      cachedData,
    });
    if (cachedData === undefined || script.cachedDataRejected) added.set(path, script);
    return script;
  } catch {
    // An ES module, or an error that Node.js explains better.
    return undefined;
  }
}

// At the end, because the functions that have run are stored too.
process.on('exit', () => {
  try {
    if (added.size > 0) mkdirSync(folder, { recursive: true });
    for (const [path, script] of added) {
      const part = `${path}.${process.pid}.${threadId}`;
      writeFileSync(part, script.createCachedData());
      renameSync(part, path);
    }
  } catch {
    // Another user, or a disk without space.
  }
});

function readStored(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** The `require` of a module. */
function requireOf(module) {
  const resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  return Object.assign((id) => module.require(id), {
    resolve,
    main: process.mainModule,
    extensions: Module._extensions,
    cache: Module._cache,
  });
}
