// Which form of an answer a client takes: gzip or plain text, and none that it has already.

/** Quality of a coding in the header, 0–1; null when it is not named. A malformed weight counts as 0. */
function quality(header: string, coding: string): number | null {
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map(text => text.trim())
    if (name !== coding) continue
    const weight = parameters.find(text => text.startsWith('q='))
    if (weight === undefined) return 1
    const value = /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight.slice(2)) : 0
    return value
  }
  return null
}

/** Accepted, with no lower quality than plain text. No header means plain text. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false
  const gzip = quality(header, 'gzip') ?? quality(header, 'x-gzip') ?? quality(header, '*') ?? 0
  return gzip > 0 && gzip >= (quality(header, 'identity') ?? 0)
}

/** Whether the client already has the document of `etag` (in its quotes). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  const known = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []
  return known.some(tag => tag.replace(/^W\//, '') === etag)
}

/** Accepts `text/csv` with a higher quality than JSON. */
export function prefersCsv(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const csv = quality(accept, 'text/csv') ?? 0
  return csv > 0 && csv > (quality(accept, 'application/json') ?? 0)
}
