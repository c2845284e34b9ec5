// HTTP Basic authentication (RFC 7617), as the collector of the Python original asks for it.

/** The `Authorization` header; null unless both are set: the collector asks for none then. */
export function basicAuthorization(user: string | null, password: string | null): string | null {
  if (user === null || password === null) return null
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}
