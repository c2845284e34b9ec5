// How a source is shown to people: what it is, where and how often, and no secret. Of a URL that is scheme and host, of a command
// its program.
import type { SourceSpec } from './declared.js'
import { hostOf } from './url.js'

const MS_IN: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** As it is written in a board file: `5s`. */
function durationText(ms: number): string {
  const [unit, scale] = MS_IN.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1]
  return `${ms / scale}${unit}`
}

function whatOf(spec: SourceSpec): string {
  switch (spec.kind) {
    case 'file':
      return `file ${spec.path}`
    case 'status':
      return `status stream of ${hostOf(spec.url)}`
    case 'board':
      return `board of ${hostOf(spec.url)}`
    case 'http':
      return `JSON from ${hostOf(spec.url)} every ${durationText(spec.everyMs)}`
    case 'prometheus':
      return `Prometheus at ${hostOf(spec.url)} every ${durationText(spec.everyMs)}`
    case 'exec':
      return `command ${spec.command[0]} every ${durationText(spec.everyMs)}`
    case 'stdin':
      return spec.form === 'any' ? 'standard input' : `standard input, ${spec.form}`
    case 'push': {
      const expected = spec.expectMs === undefined ? '' : `, expected every ${durationText(spec.expectMs)}`
      return `pushes to /push/${spec.target}${expected}`
    }
    case 'replay':
      return `replay of ${spec.path}`
  }
}

/** `es: JSON from https://es:9200 every 5s` */
export function sourceLine(spec: SourceSpec): string {
  return spec.name === undefined ? whatOf(spec) : `${spec.name}: ${whatOf(spec)}`
}
