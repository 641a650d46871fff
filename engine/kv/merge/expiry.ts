/** Whether an entry counts as deleted at a time. The one place that says so: from `expiresMs` on, and never for 0. */
export function isExpired(expiresMs: number, nowMs: number): boolean {
  return expiresMs !== 0 && expiresMs <= nowMs;
}
