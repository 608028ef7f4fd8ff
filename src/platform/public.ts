// The package's `./platform` export: a local KuFlow in a test of one's own.
export { startPlatform } from './start.ts';
export { findTemporal } from './temporal/find.ts';
export { platformEnvironment, writeCaBundle } from './environment.ts';
