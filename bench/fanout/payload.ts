// The content of the events: rows like those of a real panel of indices, of any size. They compress as such text does, unlike a
// run of one letter.
import { createRandom } from '../../src/simulator/prng.js'

const NAMES = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX', 'MIDCPNIFTY'] as const
const STATES = ['ok', 'ok', 'ok', 'warn !', 'stale !!'] as const

/** Exactly `bytes` of ASCII without quotes, backslashes or line breaks; the numbers of every row depend on `seed`. */
export function panelText(bytes: number, seed = 7): string {
  const random = createRandom(seed)
  const number = (low: number, high: number) => random.between(low, high).toFixed(2)
  let text = ''
  while (text.length < bytes) {
    const price = number(20_000, 60_000).padStart(9)
    const change = number(-1.5, 1.5).padStart(9)
    const quality = number(70, 100).padStart(8)
    const [legs, age] = [String(random.whole(0, 249)).padStart(7), random.whole(0, 89)]
    text += `${random.pick(NAMES).padEnd(10)}  ${price}  ${change}  ${random.pick(STATES).padEnd(8)}  ${quality}  ${legs}  ${age}s|`
  }
  return text.slice(0, Math.max(0, bytes))
}

/** The data of an event of the other servers: sequence number, time of publishing and padding. */
export function plainData(seq: number, stampNs: number, padding: string): string {
  return `{"s":${seq},"t":${stampNs},"p":"${padding}"}`
}

/** Padding for an event of `sizeBytes` of which everything else takes `overheadBytes`. */
export function paddingFor(sizeBytes: number, overheadBytes: number, seed?: number): string {
  return panelText(Math.max(0, sizeBytes - overheadBytes), seed)
}
