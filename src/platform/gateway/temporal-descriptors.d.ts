// The package has no types for this file: Temporal's protobuf definitions as a reflection object.
declare module '@temporalio/proto/protos/json-module.js' {
  const root: import('protobufjs').Root;
  export = root;
}
