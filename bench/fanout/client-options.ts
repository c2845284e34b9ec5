// The options of the load client: the same words for ours and for an external one, so that the runner can use either.
import { parseArgs } from 'node:util'

export type ClientOptions = {
  readonly port: number
  readonly ctl: number
  readonly path: string
  /** Connections that read. */
  readonly n: number
  /** Connections that ask and never read. */
  readonly stalled: number
  /** Events a second; 0 = closed loop with `window` events outstanding. */
  readonly rate: number
  readonly window: number
  readonly secs: number
  readonly warm: number
  readonly gzip: boolean
  /** How many of the compressed connections really inflate. */
  readonly inflate: number
}

function numberOf(text: string | undefined, name: string, min: number, max: number): number {
  const value = Number(text)
  if (text === undefined || !Number.isFinite(value) || value < min || value > max) {
    throw new RangeError(`--${name} must be a number from ${min} to ${max}, got ${text ?? 'nothing'}`)
  }
  return value
}

export function clientOptions(args: readonly string[]): ClientOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      ctl: { type: 'string' },
      path: { type: 'string', default: '/events' },
      n: { type: 'string', default: '1' },
      stalled: { type: 'string', default: '0' },
      rate: { type: 'string', default: '0' },
      window: { type: 'string', default: '16' },
      secs: { type: 'string', default: '4' },
      warm: { type: 'string', default: '1' },
      gz: { type: 'boolean', default: false },
      inflate: { type: 'string', default: '0' },
    },
  })
  return {
    port: numberOf(values.port, 'port', 1, 65_535),
    ctl: numberOf(values.ctl, 'ctl', 1, 65_535),
    path: values.path,
    n: numberOf(values.n, 'n', 1, 100_000),
    stalled: numberOf(values.stalled, 'stalled', 0, 100_000),
    rate: numberOf(values.rate, 'rate', 0, 10_000),
    window: numberOf(values.window, 'window', 1, 1_000),
    secs: numberOf(values.secs, 'secs', 0.1, 600),
    warm: numberOf(values.warm, 'warm', 0, 60),
    gzip: values.gz,
    inflate: numberOf(values.inflate, 'inflate', 0, 100),
  }
}
