// Boards for tests: one that changes in a known place, one with very many indices, one with very many alerts.
import type { Panel } from '../../../src/panels/panel.js'
import type { Status } from '../../../src/snapshot/reading.js'
import { fixture, panelsOf } from '../../terminal/support/scenes.js'

export const ORDINARY: readonly Panel[] = panelsOf(fixture('full'))

/** The fullest status, without alerts and with nothing that is not well. */
export function healthy(): readonly Panel[] {
  const { alerts: _, events: __, ...status } = fixture('full')
  const calm = JSON.stringify(status)
    .replaceAll(/"(stale|warn)"/gi, '"ok"')
    .replaceAll(/(78\.5|64\.2)\b/g, '95.5')
    .replaceAll('"age_sec":71', '"age_sec":2')
    .replaceAll('2025-11-20', '2025-01-31')
  return panelsOf(JSON.parse(calm) as Status)
}

/** The status fixture with these members replaced. */
function withMembers(members: Status): readonly Panel[] {
  return panelsOf({ ...fixture('nested'), ...members })
}

/** `moved`: the index whose price is another. */
export function manyIndices(count: number, moved = -1): readonly Panel[] {
  const names = Array.from({ length: count }, (_, i) => `INDEX${String(i + 1).padStart(3, '0')}`)
  const indices = Object.fromEntries(
    names.map((name, i) => [
      name,
      {
        status: 'OK',
        ltp: 1_000 + ((i * 37) % count) + (i === moved ? 0.5 : 0),
        legs: 100,
        dq_score: 92.5,
        age_sec: 3,
      },
    ]),
  )
  return withMembers({ indices, indices_detail: indices })
}

/** Every price, change and age is another at each `step`. */
export function movingIndices(count: number, step: number): readonly Panel[] {
  const indices = Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const change = Math.sin((i + step) / 3)
      return [
        `INDEX${String(i + 1).padStart(3, '0')}`,
        {
          status: 'OK',
          ltp: (1_000 + i) * (1 + change / 100),
          change_pct: change,
          legs: 100,
          dq_score: 92.5,
          age_sec: (i + step) % 5,
        },
      ]
    }),
  )
  return withMembers({ indices, indices_detail: indices })
}

export function manyAlerts(count: number): readonly Panel[] {
  const alerts = Array.from({ length: count }, (_, i) => ({
    time: new Date(Date.UTC(2025, 0, 31, 8, 0, i)).toISOString(),
    level: (['INFO', 'WARNING', 'CRITICAL'] as const)[i % 3],
    component: `Component ${i % 7}`,
    message: `Alert number ${i + 1}: something happened that takes more than a few words to tell`,
  }))
  return withMembers({ alerts })
}

/** A panel of that key with one field's text and one cell's text replaced where they are. */
export function retold(panels: readonly Panel[], key: string, from: string, to: string): readonly Panel[] {
  return panels.map(panel =>
    panel.key === key ? (JSON.parse(JSON.stringify(panel).replaceAll(from, to)) as Panel) : panel,
  )
}
