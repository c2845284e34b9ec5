// For every panel plain text and the stream's lines are the same, and the terminal shows every value of them: there labels are words,
// numbers have a true minus and rows that are not well are on top.
import { describe, expect, test } from 'vitest'
import type { CycleResult } from '../../src/engine/cycle.js'
import { snapshotEvents } from '../../src/hub/frames.js'
import { plainFrame } from '../../src/outputs/plain.js'
import { Painter } from '../../src/outputs/terminal/draw/paint.js'
import { lineText } from '../../src/outputs/terminal/draw/run.js'
import { startView } from '../../src/outputs/terminal/keys/view.js'
import type { Panel } from '../../src/panels/panel.js'
import { createScenario, SCENARIOS } from '../../src/simulator/scenario.js'
import type { Status } from '../../src/snapshot/reading.js'
import { fixture, NOW_MS, resultOfStatus, SETTINGS, sceneOf } from './support/scenes.js'

const STEPS = 40
const WIDE = { width: 400, height: 120 }

/** The words of a text, sorted: the terminal orders rows by tone, and says a unit once, in the head of its column. */
function words(text: string): readonly string[] {
  return text
    .replace(/[■▲◆●─━╌]|!!?(?= |$)/gmu, ' ')
    .replaceAll('−', '-')
    .replace(/(\d)(ms|s|MB|%)(?=\s|$)/gm, '$1 $2')
    .split(/\s+/)
    .filter(word => word !== '')
    .sort()
}

/** The texts of all values of a panel. */
function valuesOf({ blocks }: Panel): readonly string[] {
  return blocks.flatMap(block => {
    if (block.kind === 'text') return [block.text.replace(/^[\w.-]+=/, '')]
    if (block.kind === 'fields') return block.items.map(({ text }) => text)
    return block.rows.flatMap(row => row.map(({ text }) => text))
  })
}

/** The content when the panel fills the screen. */
function terminalLines(result: CycleResult, key: string): string[] {
  const painter = new Painter({ settings: { ...SETTINGS, clip: 300 }, clockMs: () => 0 })
  const view = { ...startView('dark'), focus: key, zoomed: true }
  const { frame } = painter.paint(sceneOf(result, { size: WIDE, view }))
  return frame.lines
    .slice(1, -1)
    .map(line => lineText(line).trimEnd())
    .filter(line => line !== '')
}

function streamLines(result: CycleResult): Record<string, { lines: string[] }> {
  const shape = { mode: 'lines', view: 'lines', subset: null, idSuffix: '' } as const
  const events = snapshotEvents(result.board, shape, { maxEventBytes: 1_000_000, structMaxChanges: 40 })
  const data = events.map(({ text }) => /^data: ?(.*)$/m.exec(text)?.[1] ?? '{}')
  return Object.assign({}, ...data.map(json => JSON.parse(json).panels))
}

function expectParity(status: Status): void {
  const result = resultOfStatus(status)
  const plain = plainFrame(result, 1_000, SETTINGS.timezone)
  const stream = streamLines(result)
  for (const panel of result.board.panels.values()) {
    expect(plain).toContain(`[${panel.title}]\n${panel.lines.join('\n')}\n`)
    expect(stream[panel.key]?.lines).toEqual(panel.lines)
    const shown = new Map<string, number>()
    for (const word of words(terminalLines(result, panel.key).join(' ')))
      shown.set(word, (shown.get(word) ?? 0) + 1)
    for (const word of words(valuesOf(panel).join(' '))) {
      // The unit of a column is in its head.
      if (/^(ms|s|MB|%)$/.test(word)) continue
      expect(shown.get(word), `${panel.key}: ${word}`).toBeGreaterThan(0)
      shown.set(word, (shown.get(word) ?? 0) - 1)
    }
  }
}

describe('terminal, plain text and stream show the same values', () => {
  test.each(['nested', 'flat', 'full'] as const)('of the %s status', name => {
    expectParity(fixture(name))
  })

  test('of an empty status', () => {
    expectParity({})
  })

  test.each(SCENARIOS)('of every document of the simulator’s scenario %s', scenario => {
    const run = createScenario({
      seed: 7,
      indices: ['NIFTY', 'BANKNIFTY', 'SENSEX'],
      intervalSec: 60,
      shape: 'both',
      scenario,
      openMarket: true,
      withAnalytics: true,
    })
    let documents = 0
    for (let n = 0; n < STEPS; n++) {
      const step = run.step(n, NOW_MS + n * 1_000)
      if (step.kind !== 'document') continue
      documents++
      expectParity(step.document as Status)
    }
    expect(documents).toBeGreaterThan(STEPS / 2)
  })
})
