export function reportPage(..._: unknown[]): string {
  return '';
}
