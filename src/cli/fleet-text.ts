// The servers of a fleet for people: a line each, in columns.
import { printableMessage } from '../log/printable.js'
import { type FleetDocument, type MemberData, publishersOf, roleText } from '../protocol/fleet.js'
import { table } from './table.js'

const HEAD = ['node', 'role', 'source', 'board', 'readers', 'answers', 'late', 'redis', 'memory', 'version']
const NUMBERS: ReadonlySet<number> = new Set([4, 5, 6, 7, 8])
const BYTES_PER_MB = 1024 ** 2

function cells(member: MemberData, own: string): readonly string[] {
  const { node, fresh, epoch, generation, readers, chat, version } = member
  return [
    node === own ? `${node} *` : node,
    roleText(member),
    fresh ? 'fresh' : 'not fresh',
    `${epoch}-${generation}`,
    `${readers}`,
    `${chat}`,
    `${Math.round(member.lag_ms)} ms`,
    `${Math.round(member.engine_ms)} ms`,
    `${Math.round(member.rss / BYTES_PER_MB)} MB`,
    version,
  ].map(printableMessage)
}

/** `*`: the one that answered. */
export function fleetText({ name, node: own, degraded, nodes }: FleetDocument): string {
  const [leading] = publishersOf(nodes)
  const publisher = leading === undefined ? 'nobody publishes' : `${leading.node} publishes`
  const without = degraded.length === 0 ? '' : `; degraded: ${degraded.join(', ')}`
  const count = nodes.length === 1 ? '1 server' : `${nodes.length} servers`
  const lines = table([HEAD, ...nodes.map(each => cells(each, own))], NUMBERS)
  return `${[printableMessage(`fleet ${name}: ${count}, ${publisher}${without}`), ...lines].join('\n')}\n`
}
