// A token as a header can carry it. One that cannot be sent, or that no server takes, is a mistake of who set it: it is said
// at once instead of a 401, or a request that never leaves.

/** Blanks and a byte order mark around it are no part of it. Throws for what no server accepts. */
export function usableToken(token: string): string {
  const usable = token.trim()
  const at = usable.search(/[^\x21-\x7e]/)
  if (at === -1) return usable
  const where = `character ${at + 1} is a blank, a line break, a control character or not ASCII`
  throw new TypeError(`the token cannot be used: ${where}; allowed are visible ASCII characters`)
}
