// Overview: what runs, where, and whether the market is open.
import { field, fields, numberCell, textCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { plainNumber, timeOfDay } from './format.js'
import { namesOf } from './index-names.js'

export const header = definePanel({
  key: 'header',
  title: 'Overview',
  order: 10,
  stability: 'stable',
  reads: ['app', 'market', 'cycle', 'indices', 'config'],
  shown: always,
  build({ snapshot, timezone }) {
    const { app, market, cycle, config } = snapshot
    return [
      fields(
        field('app', textCell(app.name)),
        field('version', textCell(app.version)),
        field('market', textCell(market.state)),
        field('next_open', numberCell(market.nextOpenMs, timeOfDay(market.nextOpenMs, timezone))),
        field('indices', textCell(namesOf(snapshot.indices))),
        field('env', textCell(config.env)),
        field('cycle', numberCell(cycle.number, plainNumber(cycle.number))),
      ),
    ]
  },
})
