// Waits for conditions that send no event: the number of sockets, a file, the state of another process. It polls slowly,
// so that the other processes get the machine.
const LOOK_EVERY_MS = 20
const GIVE_UP_AFTER_MS = 30_000

/** Resolves with the first value that is not null; rejects after half a minute and names the condition. */
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
      throw new Error(`never held: ${typeof what === 'string' ? what : what()}`)
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
