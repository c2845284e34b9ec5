// The test runner tells of each test as it begins by a timer of its own, 100 ms long: who counts what this process has open
// before and after something waits until that one has gone off, or counts it once and not the other time.

const timers = (): number => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length

/** Resolves when no timer is waiting any more. */
export async function noTimerWaits(): Promise<void> {
  while (timers() > 0) await new Promise(resolve => setImmediate(resolve))
}
