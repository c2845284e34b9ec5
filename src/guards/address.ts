// Guard 2: the client's address, in one spelling per host. Behind trusted proxies, it is the right-most address of X-Forwarded-For
// that is not one of them; the client can write anything to the left of it. Also lists of addresses and ranges. A peer of a unix
// socket has no address: it is called `unix` everywhere, in lists too.
import { BlockList, isIP, type Socket, SocketAddress } from 'node:net'

/** What every peer of a unix socket is called. */
export const UNIX_PEER = 'unix'

/** A socket that lost its peer has no address either, so only the listener can tell. */
const unixPeers = new WeakSet<Socket>()

/** For each connection that a unix socket accepts. */
export function markUnixPeer(socket: Socket): void {
  unixPeers.add(socket)
}

/** The peer as the socket knows it, in no special spelling, or `unix`; undefined when it is gone. */
export function peerOf(socket: Socket): string | undefined {
  return unixPeers.has(socket) ? UNIX_PEER : socket.remoteAddress
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** An IPv6 address has 45 characters at most; the rest is for a zone, or for brackets and a port. */
const MAX_LENGTH = 64

/**
 * One spelling for an address: IPv4-mapped IPv6 is IPv4, IPv6 is lower case and compressed, a zone is dropped.
 * Null when the text is no address.
 */
export function normalAddress(text: string): string | null {
  if (text.length > MAX_LENGTH) return null
  const zone = text.includes(':') ? text.indexOf('%') : -1
  const bare = zone === -1 ? text : text.slice(0, zone)
  const family = isIP(bare)
  if (family === 4) return bare
  if (family === 0) return null
  const spelled = new SocketAddress({ address: bare, family: 'ipv6' }).address
  return MAPPED.exec(spelled)?.[1] ?? spelled
}

/** The eight groups of a normal IPv6 address. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  if (tail === undefined) return left
  const right = tail === '' ? [] : tail.split(':')
  return [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
}

/** What limits count by: an IPv4 address, or the /64 of an IPv6 one (a single subscriber has at least that). */
export function countingKey(address: string): string {
  if (isIP(address) !== 6) return address
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`
}

/** A list of addresses and CIDR ranges, IPv4 and IPv6, and perhaps `unix`. */
export type AddressList = { readonly size: number; has(address: string): boolean }

/** Throws with the wrong entry; settings are checked before, so that is a fault of ours. */
export function addressList(entries: readonly string[]): AddressList {
  const list = new BlockList()
  const hasUnix = entries.includes(UNIX_PEER)
  for (const entry of entries) {
    if (entry === UNIX_PEER) continue
    const [text = '', prefix] = entry.split('/')
    const address = normalAddress(text)
    if (address === null) throw new Error(`"${entry}" is neither an address nor a CIDR range`)
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, prefixLength(text, address, Number(prefix)), family)
  }
  const has = (address: string): boolean => {
    const family = isIP(address)
    if (family === 0) return hasUnix && address === UNIX_PEER
    return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
  return { size: entries.length, has }
}

/** `::ffff:10.0.0.0/104` is `10.0.0.0/8`. */
function prefixLength(written: string, normal: string, prefix: number): number {
  return written.includes(':') && isIP(normal) === 4 ? Math.max(0, prefix - 96) : prefix
}

/** The peer in its one spelling. */
export function peerAddress(peer: string | undefined): string {
  return peer === UNIX_PEER ? UNIX_PEER : (normalAddress(peer ?? '') ?? NO_ADDRESS)
}

/** For a socket that has no address any more (the peer is gone). */
const NO_ADDRESS = 'unknown'

/** An entry of X-Forwarded-For: an address, perhaps with a port, perhaps in brackets. */
function forwardedAddress(entry: string): string | null {
  const text = entry.trim()
  if (text.length > MAX_LENGTH) return null
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1]
  if (bracketed !== undefined) return normalAddress(bracketed)
  const withPort = /^([\d.]+):\d+$/.exec(text)?.[1]
  return normalAddress(withPort ?? text)
}

/**
 * `peer` is what `peerOf` says; `forwardedFor` is the whole header (node joins repeated ones in order). The walk ends at an entry that is no address: then the
 * proxy that passed it on is the last known address.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trusted: AddressList,
): string {
  let address = peerAddress(peer)
  if (forwardedFor === undefined) return address
  for (const entry of forwardedFor.split(',').toReversed()) {
    const next: string | null = trusted.has(address) ? forwardedAddress(entry) : null
    if (next === null) break
    address = next
  }
  return address
}
