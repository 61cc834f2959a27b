/** Close codes after which connecting again can only fail in the same way (wire.md). */

export const UNAUTHENTICATED = 4401;
export const TOO_MANY_SOCKETS = 4409;

const FINAL: ReadonlySet<number> = new Set([
  1007, // our text was not UTF-8
  1009, // our frame was too long
  4400, // malformed
  UNAUTHENTICATED,
  4403, // forbidden
  TOO_MANY_SOCKETS,
]);

/** Whether a socket closed with `code` may be opened again without anything having changed. */
export function mayReconnect(code: number): boolean {
  return !FINAL.has(code);
}
