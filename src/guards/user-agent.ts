// Guard 6: user agents by prefix. Not a lock (anybody can send any name), but it keeps strays out.

/** An empty list allows all; otherwise the User-Agent must begin with one of the prefixes, letter case as written. */
export function userAgentAllowed(userAgent: string | undefined, prefixes: readonly string[]): boolean {
  if (prefixes.length === 0) return true
  return userAgent !== undefined && prefixes.some(prefix => userAgent.startsWith(prefix))
}
