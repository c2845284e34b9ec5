// Guard 6: user agents. It stops accidents, not attackers: a client can send any name.

/**
 * Whether one of the patterns matches the User-Agent, case-sensitive. A pattern is a prefix; after a leading `*` it may occur
 * anywhere. An empty list allows all, also requests without the header.
 */
export function userAgentAllowed(userAgent: string | undefined, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true
  return userAgent !== undefined && patterns.some(pattern => matches(userAgent, pattern))
}

const matches = (userAgent: string, pattern: string): boolean =>
  pattern.startsWith('*') ? userAgent.includes(pattern.slice(1)) : userAgent.startsWith(pattern)

const MAX_SHOWN_CHARS = 160
const MAX_KEPT = 256
/** So that readers with the same client share one text. */
const kept = new Map<string, string>()

/** As it is shown to people: printable, and not long. Null without the header. */
export function shownUserAgent(userAgent: string | undefined): string | null {
  if (userAgent === undefined) return null
  const shown = userAgent.slice(0, MAX_SHOWN_CHARS).replace(/[^\x20-\x7e]/g, '?')
  const known = kept.get(shown)
  if (known !== undefined) return known
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(shown, shown)
  return shown
}
