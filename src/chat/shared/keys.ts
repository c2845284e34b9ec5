// The names of what is shared about answers. They are spread over buckets, so that one script call can carry many answers and a
// cluster can still split them: a bucket is one slot. Everything under these keys has a time to live.
import { createHash } from 'node:crypto'

export const BUCKETS = 64

/** Of one bucket. */
export type BucketKeys = {
  /** Its answers that have not ended, each with the node that runs it: a hash. */
  readonly live: string
  /** Notices of growth: `<id> <next>`. */
  readonly channel: string
}

export type AnswerKeys = BucketKeys & {
  readonly bucket: number
  /** Who, where, how far: a hash. */
  readonly meta: string
  /** The events, appended. */
  readonly log: string
  /** Nodes with readers, by the time until which that is known. */
  readonly readers: string
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function bucketOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt8(0) % BUCKETS
}

export function bucketKeys(fleet: string, db: number, bucket: number): BucketKeys {
  const tag = `{c${bucket}}:${fleet}`
  return { live: `g6:${tag}:live`, channel: `g6:${db}:${tag}` }
}

export function answerKeys(fleet: string, db: number, id: string): AnswerKeys {
  const bucket = bucketOf(id)
  const key = `g6:{c${bucket}}:${fleet}:${id}`
  return {
    ...bucketKeys(fleet, db, bucket),
    bucket,
    meta: `${key}:m`,
    log: `${key}:l`,
    readers: `${key}:f`,
  }
}

/** Of an `Idempotency-Key`, scoped to its caller: only its digest is kept. */
export function claimKey(fleet: string, scoped: string): string {
  const digest = sha256(scoped)
  return `g6:{i${bucketOf(digest)}}:${fleet}:${digest}`
}

/** Of a name by which callers find an answer: an id of its API, the chat of an app. Only its digest is kept. */
export function nameKey(fleet: string, name: string): string {
  return claimKey(fleet, `name\n${name}`)
}

/** Nodes that run answers, each with the number of its last beat: a hash. */
export function writersKey(fleet: string): string {
  return `g6:{${fleet}}:writers`
}

/** What others ask of a node: `stop <id>`, `look <id>`. */
export function nodeChannel(fleet: string, db: number, node: string): string {
  return `g6:${db}:{${fleet}}:chat:${node}`
}
