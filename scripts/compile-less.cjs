// Loaded by every Node.js process of `npm test` and `.ci/run`. Most of them are short, and compile code that they do not use enough afterwards:
// optimizing only what runs ten times as often saves a tenth of their processor time. Tests run old versions of Node.js, too.

// Other versions do not have this option.
if (process.version.startsWith('v20.')) require('v8').setFlagsFromString('--interrupt-budget=600000');
