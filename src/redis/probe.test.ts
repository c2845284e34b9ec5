import { expect, test } from 'vitest'
import { isDeaf, NEW_PROBE, probeAcknowledged, probeAgain, probeHeard } from './probe.js'

test('a beat that was acknowledged and is not heard in time means deaf, and hearing any later one ends it', () => {
  let probe = probeAcknowledged(NEW_PROBE, 1, 1_000)
  probe = probeAcknowledged(probe, 2, 2_000)
  expect(isDeaf(probe, 3_999, 3_000)).toBe(false)
  expect(isDeaf(probe, 4_000, 3_000)).toBe(true)
  expect(isDeaf(probeHeard(probe, 2), 9_000, 3_000)).toBe(false)
  expect(isDeaf(probeAgain(probe), 9_000, 3_000)).toBe(false)
})

test('a beat that is heard before it is acknowledged is not waited for', () => {
  const probe = probeAcknowledged(probeHeard(NEW_PROBE, 1), 1, 1_000)
  expect(isDeaf(probe, 99_000, 3_000)).toBe(false)
  expect(isDeaf(probeHeard(probeAcknowledged(probe, 3, 2_000), 2), 9_000, 3_000)).toBe(true)
})
