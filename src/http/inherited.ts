// Sockets that are open before the program starts (socket activation, sd_listen_fds(3)): systemd passes them as descriptors from 3 on.
import type { ListenerPlan } from './listen-plan.js'

export type InheritedSocket = {
  readonly fd: number
  /** `FileDescriptorName=` of the socket unit; empty without one. */
  readonly name: string
}

type Env = Record<string, string | undefined>

/** The first after standard input, output and error. */
const FIRST_FD = 3
/** More is a mistake: there are four kinds of ports, each with a few addresses. */
const MAX_SOCKETS = 64

/**
 * The sockets passed to this process; removes their variables, so that no child takes them for its own. (Node closes descriptors
 * above 2 in children.) Throws when the variables contradict each other.
 */
export function takeInheritedSockets(env: Env, pid: number): readonly InheritedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete env[name]
  if (LISTEN_FDS === undefined || Number(LISTEN_PID) !== pid) return []
  const count = /^\d{1,3}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : Number.NaN
  if (!(count <= MAX_SOCKETS)) {
    throw new Error(
      `LISTEN_FDS=${JSON.stringify(LISTEN_FDS)} cannot be used; allowed: a number of sockets up to ${MAX_SOCKETS}`,
    )
  }
  const names = LISTEN_FDNAMES?.split(':') ?? []
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST_FD + i, name: names[i] ?? '' }))
}

/** A socket with the name of a listener (`stream`, `metrics`, `resync`) is that one’s; all others are the first one’s. */
export function withInherited(
  listeners: readonly ListenerPlan[],
  sockets: readonly InheritedSocket[],
): readonly ListenerPlan[] {
  const names = listeners.map(({ name }) => name)
  return listeners.map((plan, i) => {
    const isOurs = ({ name }: InheritedSocket): boolean =>
      name === plan.name || (i === 0 && !names.includes(name))
    const fds = sockets.filter(isOurs).map(({ fd }) => fd)
    return fds.length === 0 ? plan : { ...plan, fds }
  })
}
