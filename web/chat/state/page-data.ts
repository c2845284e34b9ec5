// What the server wrote into the document for this page. No secrets: anybody can read it.
import type { Rate } from '../conversation/limit.js'

export type PageData = {
  /** Of the relay's routes. */
  readonly prefix: string
  /** The display name of what answers. */
  readonly backend: string
  readonly rate: Rate | null
  /** How long the server holds an answer after its end. */
  readonly holdsMs: number | null
  readonly examples: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

function contentOf(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? ''
}

/** Reads the document; what is missing or wrong is left out. */
export function pageData(content: (name: string) => string = contentOf): PageData {
  let given: Json = {}
  try {
    given = Object(JSON.parse(content('g6-chat-page')))
  } catch {
    // Another version of the server: the page works without it.
  }
  const { backend, rate, holdsMs, examples } = given
  const { count, windowSec } = Object(rate) as Json
  const isRate = typeof count === 'number' && typeof windowSec === 'number'
  return {
    prefix: content('g6-chat-prefix'),
    backend: typeof backend === 'string' ? backend : '',
    rate: isRate ? { count, windowSec } : null,
    holdsMs: typeof holdsMs === 'number' ? holdsMs : null,
    examples: Array.isArray(examples) ? examples.filter(each => typeof each === 'string') : [],
  }
}
