// Addresses of the machine's own link. Clouds serve credentials there to every program that asks, so a name must not lead to one.
import { BlockList, isIP } from 'node:net'

const LINK_LOCAL = new BlockList()
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4')
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6')
// Where two clouds serve credentials outside these ranges.
LINK_LOCAL.addAddress('100.100.100.200', 'ipv4')
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6')

/** `address`: as a resolver gives it. */
export function isLinkLocal(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address.split('%', 1)[0] ?? ''
  const family = isIP(plain)
  return family !== 0 && LINK_LOCAL.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}
