// The content of the events: rows like those of a real panel of indices, of any size. They compress as such text does, unlike a
// run of one letter.

const NAMES = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX', 'MIDCPNIFTY'] as const
const STATES = ['ok', 'ok', 'ok', 'warn !', 'stale !!'] as const

/** A small generator (Lehmer): the same text in every process and run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Exactly `bytes` of ASCII without quotes, backslashes or line breaks; the numbers of every row depend on `seed`. */
export function panelText(bytes: number, seed = 7): string {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  let text = ''
  while (text.length < bytes) {
    const name = (NAMES[below(NAMES.length)] ?? '').padEnd(10)
    const price = (20_000 + random() * 40_000).toFixed(2).padStart(9)
    const change = (random() * 3 - 1.5).toFixed(2).padStart(9)
    const state = (STATES[below(STATES.length)] ?? '').padEnd(8)
    const quality = (70 + random() * 30).toFixed(2).padStart(8)
    text += `${name}  ${price}  ${change}  ${state}  ${quality}  ${String(below(250)).padStart(7)}  ${below(90)}s|`
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
