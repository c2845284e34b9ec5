// Links: our own addresses first, then the links of the status. Every reader of the board sees them, so user names and passwords
// are removed from URLs.
import { field, fields, moreBlocks, textCell } from './cells.js'
import { always, definePanel } from './definition.js'
import type { Cell } from './panel.js'

/** Links of the status that the panel shows. */
const MAX_STATUS_LINKS = 20

/** The user info of a URL (RFC 3986 3.2.1). */
const USER_INFO = /^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i

export function withoutUserInfo(address: string): string {
  return address.replace(USER_INFO, '$1')
}

function addressCell(address: string | null): Cell {
  return textCell(address === null ? null : withoutUserInfo(address))
}

export const links = definePanel({
  key: 'links',
  title: 'Links',
  order: 90,
  stability: 'stable',
  reads: ['links', 'omitted'],
  shown: always,
  build({ snapshot, links: own }) {
    const { metrics = null, ...others } = snapshot.links
    const ours = own.metricsUrl !== null && metrics !== null && own.metricsUrl !== metrics
    const all = Object.entries(ours ? { metrics, ...others } : others)
    const named = all.slice(0, MAX_STATUS_LINKS)
    const more = all.length - named.length + (snapshot.omitted.links ?? 0)
    return [
      fields(
        field('source', textCell(own.source)),
        field('metrics', addressCell(own.metricsUrl ?? metrics)),
        field('stream', textCell(own.streamUrl)),
        field('page', textCell(own.pageUrl)),
        // Marked as links of the status: its `source` is not our source.
        ...named.map(([name, url]) => field(`status.${name}`, addressCell(url))),
      ),
      ...moreBlocks(more, 'links of the status'),
    ]
  },
})
