// Guard 2: the client's address. Behind trusted proxies, it is the right-most address of X-Forwarded-For that is not one of them;
// the client can write anything to the left of it.
import { type AddressList, normalAddress } from './address.js'

/** For a socket that has no address any more (the peer is gone). */
export const NO_ADDRESS = 'unknown'

/** An address with brackets and a port; a longer entry is no address. */
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
 * `forwardedFor` is the whole header (node joins repeated ones in order). The walk ends at an entry that is no address: then the
 * proxy that passed it on is the last known address.
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
