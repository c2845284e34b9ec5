// The floor: the smallest program that does what an answer that can be resumed needs. It splits the body into events, numbers them and
// keeps them as long as the answer lasts; no guards, limits, audit trail, log or metrics. What the relay costs above it is its own.
import { servePeer } from './peer.js'

const EVENT_END = '\n\n'

servePeer((body, response) => {
  const kept: Buffer[] = []
  let rest: Buffer = Buffer.alloc(0)
  body.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const first = kept.length
    let at = 0
    for (let end = bytes.indexOf(EVENT_END); end !== -1; end = bytes.indexOf(EVENT_END, at)) {
      const next = end + EVENT_END.length
      kept.push(Buffer.concat([Buffer.from(`id: ${kept.length}\n`), bytes.subarray(at, next)]))
      at = next
    }
    rest = bytes.subarray(at)
    const [only, ...more] = kept.slice(first)
    if (only !== undefined) response.write(more.length === 0 ? only : Buffer.concat([only, ...more]))
  })
  body.on('end', () => response.end(rest))
})
