// The package's `./platform` export, for users who start a local KuFlow in their own tests.
export { startPlatform } from './start.ts';
export { findTemporal } from './temporal/find.ts';
export { platformEnvironment, writeCaBundle } from './shared/platform-environment.ts';
