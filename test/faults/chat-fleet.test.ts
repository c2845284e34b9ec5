// The law of shared answers: whatever happens to servers, their links and Redis, a reader who goes on at any server gets each event
// once and in order, and one end; two readers of an answer have the same; one key asks once; a stop that was accepted stops; the
// answers of a dead server end and free their places; and all servers together accept no more starts than one would.
//
// FAULT_RUNS=N makes N runs instead of 8; FAULT_SEED=N starts them at that seed.
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CLEAR, KeySeal } from '../../src/fleet/seal.js'
import { ChatWorld } from '../support/chat-world.js'

const RUNS = Number(process.env.FAULT_RUNS ?? 8)
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000)

/** Of every second seed answers are encrypted. */
const SEAL = SEED % 2 === 0 ? CLEAR : new KeySeal([randomBytes(32)])

const node = fc.nat(2)
const answer = fc.nat(3)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), node, answer }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('start' as const, 'wait' as const), node, answer }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('say' as const), node, answer }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('hop' as const), node, answer }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('done' as const, 'stop' as const), node, answer }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('cut' as const, 'stall' as const, 'go' as const, 'lose' as const),
      node,
      answer,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('kill' as const, 'kill' as const, 'flush' as const, 'restart' as const),
      node,
      answer,
    }),
  },
)

test(`whatever happens, each reader gets every event once and one end (FAULT_SEED=${SEED})`, {
  timeout: 60_000 + RUNS * 30_000,
}, async () => {
  const world = await ChatWorld.start(3, SEAL)
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async steps => {
        await world.begin()
        for (const each of steps) await world.do(each.do, each.node, each.answer)
        await world.heal()
        await world.check()
      }),
      // A run that fails is printed as it was: others would not repeat the same moments.
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    )
  } finally {
    await world.close()
  }
  expect(world.faults).toEqual([])
})
