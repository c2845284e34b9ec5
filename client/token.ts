// A token as a header can carry it. One that no server accepts is reported at once; else every request would end with 401.

/** Blanks and a byte order mark around it are no part of it. Throws for what no server accepts. */
export function usableToken(token: string): string {
  const usable = token.trim()
  if (/[^!-~]/.test(usable)) throw new TypeError('the token cannot be used: it is not visible ASCII')
  return usable
}
