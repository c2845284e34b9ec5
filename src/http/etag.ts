// If-None-Match (RFC 9110, section 13.1.2): weak comparison, lists, `*`.

/** Whether the client already has the document of `etag` (in its quotes). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  const known = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []
  return known.some(tag => tag.replace(/^W\//, '') === etag)
}
