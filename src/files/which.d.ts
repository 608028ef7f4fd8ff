// `which` does not include types. These cover only what is used here.
declare module 'which' {
  const which: {
    sync(program: string, options: { path: string; all: true; nothrow: true }): readonly string[] | null;
  };
  export = which;
}
