// The hash of a panel covers exactly what a person sees: any client in any language can recompute it, and panels that look the
// same have the same hash.
import { hash } from 'node:crypto'

/** What a hash covers. */
export type Hashed = {
  readonly key: string
  readonly title: string
  readonly tone: string
  readonly lines: readonly string[]
}

/** `hex(SHA-256(UTF-8("v1\n" + key + "\n" + title + "\n" + tone + "\n" + lines joined by "\n")))` */
export function panelHash(panel: Hashed): string {
  return hash('sha256', `v1\n${panel.key}\n${panel.title}\n${panel.tone}\n${panel.lines.join('\n')}`)
}
