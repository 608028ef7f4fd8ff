export function setup(): void {
  // Filled in once there is a package to pack.
}
