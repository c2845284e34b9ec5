// The query of the page's address: `?panels=indices,alerts` and `?kiosk=1`.
const MAX_PANELS = 64

export type PageQuery = {
  /** Only these panels, in this order; null = all. */
  readonly panels: readonly string[] | null
  /** A wall display: no controls, everything larger. */
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
