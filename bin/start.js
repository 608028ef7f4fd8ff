// The bins and this file parse on Node.js 12, so that an old version gets an explanation instead of a stack trace.
'use strict';

/** Starts a program of `dist/`, or prints which Node.js it needs. */
module.exports = function start(name) {
  // `process.getBuiltinModule` is missing in 21.x and in 22.0 to 22.2.
  const parts = process.versions.node.split('.').map(Number);
  if ((parts[0] > 20 || (parts[0] === 20 && parts[1] >= 19)) && process.getBuiltinModule) {
    require('../dist/' + name + '.cjs');
    return;
  }
  console.error(
    name +
      ' needs Node.js 20.19+ or 22.3+, but this is Node.js ' +
      process.versions.node +
      '. Get a newer version from https://nodejs.org',
  );
  process.exitCode = 2;
};
