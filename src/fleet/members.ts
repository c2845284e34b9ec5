// The nodes of a fleet as Redis has them, each by its last beat.
import { z } from 'zod'
import { type MemberData, memberData } from '../protocol/fleet.js'
import type { Link } from '../redis/link.js'
import type { FleetKeys } from './keys.js'

const MOST_MEMBERS = 1_000

const pairs = z.array(z.string())

/** Null: not by a version that this one can read. */
function memberFrom(node: string, info: string): MemberData | null {
  try {
    const value: unknown = JSON.parse(info)
    return memberData.safeParse(Object.assign({}, value, { node })).data ?? null
  } catch {
    return null
  }
}

/** Rejects with an EngineError. */
export async function readMembers(
  link: Pick<Link, 'commands'>,
  keys: Pick<FleetKeys, 'info'>,
): Promise<readonly MemberData[]> {
  const reply = pairs.safeParse(await link.commands.send(['HGETALL', keys.info])).data ?? []
  const members: MemberData[] = []
  for (let i = 0; i + 1 < reply.length && members.length < MOST_MEMBERS; i += 2) {
    const member = memberFrom(reply[i] ?? '', reply[i + 1] ?? '')
    if (member !== null) members.push(member)
  }
  return members.sort((a, b) => (a.node < b.node ? -1 : 1))
}
