// Ends the answers of dead writers that nobody looks at. Once in a few seconds, by one node: one call for each of 64 buckets.
import { z } from 'zod'
import { readAnswer, wholeNumber } from '../../fleet/scripts/answer.js'
import type { Engine } from './engine.js'
import { answerKeys, BUCKETS, bucketKeys, writersKey } from './keys.js'
import type { WriterWatch } from './watch.js'

const MOST_A_SWEEP = 2_000
const flat = z.array(z.string())
const seen = z.union([
  z.tuple([z.string(), wholeNumber, z.string()]).transform(([fence, next]) => ({ fence, next })),
  z.tuple([z.null(), z.null(), z.null()]).transform(() => null),
])

type Seen = { readonly fence: string; readonly next: number }

/** The nodes that run answers: one that never beat is watched from now on. */
export async function sweep(
  engine: Engine,
  watch: Pick<WriterWatch, 'dead'>,
  bury: (streamId: string, answer: Seen) => Promise<void>,
): Promise<ReadonlySet<string>> {
  const dead = new Set(watch.dead)
  const { link, fleet, db } = engine
  const { commands } = link
  const all = await Promise.all(
    Array.from({ length: BUCKETS }, (_, bucket) =>
      commands.send(['HGETALL', bucketKeys(fleet, db, bucket).live]),
    ),
  )
  const runners = new Set<string>()
  const orphans: string[] = []
  for (const reply of all) {
    const pairs = readAnswer('live', flat, reply)
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const node = pairs[i + 1] ?? ''
      runners.add(node)
      if (dead.has(node) && orphans.length < MOST_A_SWEEP) orphans.push(pairs[i] ?? '')
    }
  }
  for (const id of orphans) {
    const keys = answerKeys(fleet, db, id)
    const answer = readAnswer(
      'orphan',
      seen,
      await commands.send(['HMGET', keys.meta, 'fence', 'next', 'state']),
    )
    if (answer === null) await commands.send(['HDEL', keys.live, id])
    else await bury(id, answer)
  }
  // Nothing of theirs is left.
  if (dead.size > 0 && orphans.length < MOST_A_SWEEP)
    await commands.send(['HDEL', writersKey(fleet), ...dead])
  return runners
}
