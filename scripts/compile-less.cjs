// Loaded by every Node.js process of `npm test` and `.ci/run`. Most of them are too short-lived to benefit from optimized code. Optimizing only what runs
// ten times as often saves a tenth of their processor time. SQLite is WebAssembly: optimizing only what runs a hundred times as often saves a quarter of
// the processor time of a start of `kuflow dev`.

const { setFlagsFromString } = require('v8');

// Tests also run other versions of Node.js, which do not have these options.
if (process.version.startsWith('v20.')) {
  setFlagsFromString('--wasm-tiering-budget=180000000');
  // Most commands of this package are even faster without it.
  const isOwnProgram = /[\\/]bin[\\/](?:create-)?kuflow[^\\/]*$/.test(process.argv[1] || '');
  if (!isOwnProgram) setFlagsFromString('--interrupt-budget=600000');
}
