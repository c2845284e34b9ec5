// For every panel the text in the terminal, in plain text and in the stream's lines is the same.
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

/** The text alone: a label's colon and the marks of tones differ by surface, and blanks align. */
function words(lines: readonly string[], fields: (line: number) => boolean): string {
  return lines
    .map((line, i) => (fields(i) ? line.replace(/^(.*?): /, '$1 ') : line))
    .map(line =>
      line
        .replace(/ (!!?|✖)(?= |$)/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .join('\n')
}

function fieldLines({ blocks }: Panel): ReadonlySet<number> {
  const found = new Set<number>()
  let line = 0
  for (const block of blocks) {
    if (block.kind === 'fields') for (const _ of block.items) found.add(line++)
    else if (block.kind === 'text') line++
    else line += block.rows.length === 0 ? 0 : block.rows.length + 1
  }
  return found
}

/** The content of the box when the panel fills the screen. */
function terminalLines(result: CycleResult, key: string): string[] {
  const painter = new Painter({ settings: { ...SETTINGS, clip: 300 }, clockMs: () => 0 })
  const view = { ...startView('dark'), focus: key, zoomed: true }
  const { frame } = painter.paint(sceneOf(result, { size: WIDE, view }))
  return frame.lines
    .slice(2, -2)
    .map(line => lineText(line).slice(2, -2).trimEnd())
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
    const isField = fieldLines(panel)
    expect(plain).toContain(`[${panel.title}]\n${panel.lines.join('\n')}\n`)
    expect(stream[panel.key]?.lines).toEqual(panel.lines)
    expect(words(terminalLines(result, panel.key), () => false)).toBe(words(panel.lines, i => isField.has(i)))
  }
}

describe('terminal, plain text and stream say the same', () => {
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
