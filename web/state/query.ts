// What the page's own address asks for: `?panels=indices,alerts` and `?kiosk=1`.
const MAX_PANELS = 64

export type PageQuery = {
  /** Only these, in this order; null: all. */
  readonly panels: readonly string[] | null
  /** For a wall: nothing to click, everything larger. */
  readonly kiosk: boolean
}

export function queryOf(search: string): PageQuery {
  const params = new URLSearchParams(search)
  const named = (params.get('panels') ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  const kiosk = params.get('kiosk')
  return {
    panels: named.length === 0 ? null : [...new Set(named)].slice(0, MAX_PANELS),
    kiosk: kiosk !== null && kiosk !== '0' && kiosk !== 'false',
  }
}

export const query: PageQuery = queryOf(globalThis.location?.search ?? '')
