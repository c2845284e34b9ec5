// The names of what is shared about answers. They are spread over buckets, so that one script call can carry many answers and a
// cluster can still split them: a bucket is one slot. Everything under these keys has a time to live.
import { createHash } from 'node:crypto'

const BUCKETS = 64

export type AnswerKeys = {
  readonly bucket: number
  /** Who, where, how far: a hash. */
  readonly meta: string
  /** The events, appended. */
  readonly log: string
  /** Nodes with readers, by the time until which that is known. */
  readonly readers: string
  /** Answers of the bucket that have not ended, for the sweep. */
  readonly live: string
  /** Notices of growth: `<id> <next>`. */
  readonly channel: string
}

export function bucketOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt8(0) % BUCKETS
}

export function answerKeys(fleet: string, db: number, id: string): AnswerKeys {
  const bucket = bucketOf(id)
  const tag = `{c${bucket}}:${fleet}`
  const key = `g6:${tag}:${id}`
  return {
    bucket,
    meta: `${key}:m`,
    log: `${key}:l`,
    readers: `${key}:f`,
    live: `g6:${tag}:live`,
    channel: `g6:${db}:${tag}`,
  }
}

/** Of an `Idempotency-Key`, scoped to its caller: only its digest is kept. */
export function claimKey(fleet: string, scoped: string): string {
  const digest = createHash('sha256').update(scoped).digest('hex')
  return `g6:{i${bucketOf(digest)}}:${fleet}:${digest}`
}
