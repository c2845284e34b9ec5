/**
 * The token without surrounding white space and byte order mark. Throws for one that no header can carry: every request would
 * end with 401.
 */
export function usableToken(token: string): string {
  const usable = token.trim()
  if (/[^!-~]/.test(usable)) throw new TypeError('the token cannot be used: it is not visible ASCII')
  return usable
}
