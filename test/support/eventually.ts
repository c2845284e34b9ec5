// Waiting for what nobody tells of: the number of sockets, a file, the state of another process. Looked at every so often,
// so that the processes waited for get the machine.
const LOOK_EVERY_MS = 20
const GIVE_UP_AFTER_MS = 30_000

/** Resolves with the first value that is something; rejects after half a minute, naming what was waited for. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string | (() => string),
): Promise<Exclude<T, false | null | undefined>> {
  const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS
  for (;;) {
    const found = await look()
    if (found !== false && found !== null && found !== undefined)
      return found as Exclude<T, false | null | undefined>
    if (performance.now() > giveUpAtMs)
      throw new Error(`did not come to hold: ${typeof what === 'string' ? what : what()}`)
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
