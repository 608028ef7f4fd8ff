// Loaded by every Node.js process of `npm test` and `.ci/run`. Most of them are too short-lived to benefit from optimized code: optimizing only what runs
// ten times as often saves a tenth of their processor time. WebAssembly is never optimized: SQLite is, and a local KuFlow starts with a third less.

// Tests also run other versions of Node.js, which do not have this option. Most commands of this package are even faster without it.
const isOwnProgram = /[\\/]bin[\\/](?:create-)?kuflow[^\\/]*$/.test(process.argv[1] || '');
if (process.version.startsWith('v20.')) {
  const { setFlagsFromString } = require('v8');
  setFlagsFromString('--liftoff-only');
  setFlagsFromString('--no-wasm-dynamic-tiering');
  if (!isOwnProgram) setFlagsFromString('--interrupt-budget=600000');
  require('./code-cache.cjs');
}
