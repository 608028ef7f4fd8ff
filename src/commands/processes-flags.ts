/** Options of both sub-commands as commander hands them over. */
export interface ProcessesFlags {
  readonly json?: boolean;
  readonly sample?: number;
  readonly tenantId?: string;
  readonly profile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly clientSecretStdin?: boolean;
  readonly endpoint?: string;
  readonly ca?: string;
}
