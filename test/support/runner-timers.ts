// The test runner sets a 100 ms timer at the start of each test. A test that counts this process's open handles
// before and after must wait until that timer has fired, or it counts it only once.

const timers = (): number => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length

/** Resolves when no timer is waiting any more. */
export async function noTimerWaits(): Promise<void> {
  while (timers() > 0) await new Promise(resolve => setImmediate(resolve))
}
