// The package has no types of its own; this is the part that is used.
declare module 'which' {
  const which: {
    sync(program: string, options: { path: string; all: true; nothrow: true }): readonly string[] | null;
  };
  export = which;
}
