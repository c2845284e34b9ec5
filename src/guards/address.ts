// Addresses for the guards: one spelling per host, and lists of addresses and ranges.
import { BlockList, isIP, SocketAddress } from 'node:net'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** An IPv6 address has 45 characters at most; the rest is for a zone. */
const MAX_ADDRESS_LENGTH = 64

/**
 * One spelling for an address: IPv4-mapped IPv6 is IPv4, IPv6 is lower case and compressed, a zone is dropped.
 * Null when the text is no address.
 */
export function normalAddress(text: string): string | null {
  if (text.length > MAX_ADDRESS_LENGTH) return null
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

/** A list of addresses and CIDR ranges, IPv4 and IPv6. */
export type AddressList = { readonly size: number; has(address: string): boolean }

/** Throws with the wrong entry; settings are checked before, so that is a fault of ours. */
export function addressList(entries: readonly string[]): AddressList {
  const list = new BlockList()
  for (const entry of entries) {
    const [text = '', prefix] = entry.split('/')
    const address = normalAddress(text)
    if (address === null) throw new Error(`"${entry}" is neither an address nor a CIDR range`)
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, prefixLength(text, address, Number(prefix)), family)
  }
  const has = (address: string): boolean => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
  return { size: entries.length, has }
}

/** `::ffff:10.0.0.0/104` is `10.0.0.0/8`. */
function prefixLength(written: string, normal: string, prefix: number): number {
  return written.includes(':') && isIP(normal) === 4 ? Math.max(0, prefix - 96) : prefix
}
