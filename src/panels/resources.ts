// Resources: processor and memory of the system.
import { field, fields, numberCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { known } from './facts.js'
import { fixed, MISSING } from './format.js'
import { highIsBad, memoryLevel, memoryTone } from './judge.js'

export const resources = definePanel({
  key: 'resources',
  title: 'Resources',
  order: 60,
  stability: 'stable',
  reads: ['resources'],
  fedBy: ['resources', 'memory', 'cpu_pct', 'memory_mb'],
  shown: always,
  build({ snapshot, thresholds }) {
    const { cpuPct, memoryMb } = snapshot.resources
    const level = memoryMb === null ? null : memoryLevel(memoryMb, thresholds)
    const cpuTone = highIsBad(cpuPct, thresholds['cpu.warn'], thresholds['cpu.error'])
    return [
      fields(
        field('cpu_pct', numberCell(cpuPct, fixed(cpuPct, 1), cpuTone), { unit: '%', fact: 'cpu_pct' }),
        field('memory_mb', numberCell(memoryMb, fixed(memoryMb, 1)), { unit: 'MB', fact: 'memory_mb' }),
        field(
          'memory_level',
          level === null ? { text: MISSING } : numberCell(level, String(level), memoryTone(level)),
        ),
      ),
    ]
  },
  facts({ snapshot: { resources: of } }) {
    return known({ cpu_pct: of.cpuPct, memory_mb: of.memoryMb })
  },
})
