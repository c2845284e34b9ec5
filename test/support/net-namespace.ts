// A second machine, as far as the network goes: a Linux network namespace with a cable to this one that can be pulled.
import { execFileSync } from 'node:child_process'

export type OtherMachine = {
  /** Runs a command there: put this before it. */
  readonly via: readonly string[]
  /** The address of this machine as seen from there. */
  readonly host: string
  /** Nothing gets through any more, and neither end is notified. */
  pullCable(): void
  remove(): void
}

const ip = (...words: readonly string[]): void => void execFileSync('ip', words, { stdio: 'pipe' })

let made = 0

/** Needs root, and `ip` (iproute2). */
export function otherMachine(): OtherMachine {
  made++
  const name = `g6-${process.pid}-${made}`
  const [near, far] = [`g6n${process.pid % 100_000}-${made}`, `g6f${process.pid % 100_000}-${made}`]
  // A /30 of the range for tests between networks (RFC 2544), other for every process.
  const net = `198.${18 + (process.pid % 2)}.${(process.pid >> 1) % 256}`
  const at = 4 * (made % 60)
  const host = `${net}.${at + 1}`
  try {
    ip('netns', 'add', name)
  } catch (error) {
    throw new Error(
      'this test needs a network namespace: it runs `ip netns add`, which this user may not, or iproute2 is missing. Run it as root (in a container: with CAP_NET_ADMIN and CAP_SYS_ADMIN).',
      { cause: error },
    )
  }
  const remove = (): void => ip('netns', 'del', name)
  try {
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
    ip('addr', 'add', `${host}/30`, 'dev', near)
    ip('link', 'set', near, 'up')
    ip('-n', name, 'addr', 'add', `${net}.${at + 2}/30`, 'dev', far)
    ip('-n', name, 'link', 'set', far, 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
  } catch (error) {
    remove()
    throw error
  }
  return {
    via: ['ip', 'netns', 'exec', name],
    host,
    pullCable: () => ip('link', 'set', near, 'down'),
    remove,
  }
}
