// Guard 2: whose request this is. Behind proxies that we trust, the right-most address of X-Forwarded-For that is not one
// of them; everything to the left of it was written by the client and is worth nothing.
import { type AddressList, normalAddress } from './address.js'

/** Shown and counted when a socket has no address any more (the peer is gone). */
export const NO_ADDRESS = 'unknown'

/** An address with brackets and a port; nothing longer is looked into. */
const MAX_ENTRY_LENGTH = 64

/** An entry of X-Forwarded-For: an address, perhaps with a port, perhaps in brackets. */
function forwardedAddress(entry: string): string | null {
  const text = entry.trim()
  if (text.length > MAX_ENTRY_LENGTH) return null
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1]
  if (bracketed !== undefined) return normalAddress(bracketed)
  const withPort = /^([\d.]+):\d+$/.exec(text)?.[1]
  return normalAddress(withPort ?? text)
}

/**
 * `forwardedFor` is the whole header (node joins repeated ones in order). An entry that is no address ends the walk: the
 * proxy that passed it on is then the last thing known.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: AddressList,
): string {
  let address = normalAddress(socketAddress ?? '')
  if (address === null) return NO_ADDRESS
  if (forwardedFor === undefined) return address
  for (const entry of forwardedFor.split(',').toReversed()) {
    const next: string | null = trusted.has(address) ? forwardedAddress(entry) : null
    if (next === null) break
    address = next
  }
  return address
}
