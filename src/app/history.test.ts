import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { resultOf } from '../../test/terminal/support/scenes.js'
import { emptyBoard } from '../board/board.js'
import { loadConfig } from '../config/load.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { makePanel } from '../panels/lines.js'
import { createHistory } from './history.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-app-history-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what an earlier server stored is given to the trends once, with the first board', async () => {
  let nowMs = 1_800_000_000_000
  const loaded = loadConfig({ env: { G6_HISTORY_DB: join(folder, 'history.db') } })
  if (!loaded.ok) throw new Error('the settings cannot be used')
  const pasts: unknown[] = []
  const run = async (values: readonly number[]): Promise<void> => {
    const history = createHistory({
      ...{ config: loaded.config, log: silentLog, metrics: silentMetrics() },
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      onPast: past => void pasts.push(past),
    })
    await history.open()
    for (const n of values) {
      const panel = { ...makePanel('p', 'P', [{ kind: 'text', text: `${n}` }]), facts: { n } }
      const { board, ...rest } = resultOf([panel], {}, emptyBoard('e'))
      history.output.publish({ ...rest, board })
      nowMs += 60_000
    }
    await history.output.close()
  }
  await run([1, 2, 3])
  pasts.length = 0
  await run([4, 5])
  expect(pasts).toMatchObject([{ series: [{ id: 'p.n' }] }])
  expect(JSON.stringify(pasts)).toMatch(/(1,){6}(2,){5,6}(2|3)/)
})
