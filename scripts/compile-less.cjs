// Loaded by every Node.js process of `npm test` and `.ci/run`. Most of them are too short-lived to benefit from optimized code: optimizing only what runs
// ten times as often saves a tenth of their processor time. SQLite is WebAssembly: if it is never optimized, a local KuFlow starts in two thirds of the
// processor time.

// Most commands of this package are faster without flags, because with any flag, V8 rejects the stored code of Node's own modules.
const isOwnProgram = /[\\/]bin[\\/](?:create-)?kuflow[^\\/]*$/.test(process.argv[1] || '');
// Tests also run other versions of Node.js, which do not have `--interrupt-budget`.
if (process.version.startsWith('v20.')) {
  const { setFlagsFromString } = require('v8');
  if (!isOwnProgram || process.argv[2] === 'dev') setFlagsFromString('--liftoff-only');
  if (!isOwnProgram) setFlagsFromString('--interrupt-budget=600000');
  require('./code-cache.cjs');
}
