import { describe, expect, test } from 'vitest'
import { outcomeOf, reportText, runChecks } from './report.js'

const clock = (...times: number[]) => {
  return () => times.shift() ?? 0
}
const good = { name: 'good', run: () => ({ ok: true, detail: 'fine' }) }

describe('checks', () => {
  test('pass when each passes, with the time of each', async () => {
    expect(await runChecks([good], clock(10, 14.6))).toEqual({
      ok: true,
      checks: [{ name: 'good', ok: true, detail: 'fine', ms: 5 }],
    })
  })

  test('do not pass when one does not', async () => {
    const bad = { name: 'bad', run: () => ({ ok: false, detail: 'broken' }) }
    const report = await runChecks([bad, good], clock())
    expect(report.ok).toBe(false)
    expect(report.checks.map(({ ok }) => ok)).toEqual([false, true])
  })

  test('one that cannot run has not passed, and the others still run', async () => {
    const thrown = { name: 'thrown', run: () => Promise.reject(new Error('no such tool')) }
    const { ok, checks } = await runChecks([thrown, good], clock())
    expect(ok).toBe(false)
    expect(checks).toMatchObject([{ ok: false, detail: 'could not run: no such tool' }, { ok: true }])
  })

  test('run one after the other', async () => {
    let running = 0
    let most = 0
    const slow = {
      name: 'slow',
      run: async () => {
        most = Math.max(most, ++running)
        await new Promise(resolve => setImmediate(resolve))
        running--
        return { ok: true, detail: '' }
      },
    }
    await runChecks([slow, slow, slow], clock())
    expect(most).toBe(1)
  })
})

test('an outcome shows the first complaints and counts the rest', () => {
  expect(outcomeOf([], 'all well')).toEqual({ ok: true, detail: 'all well' })
  expect(outcomeOf(['a', 'b'], 'all well')).toEqual({ ok: false, detail: 'a; b' })
  const many = outcomeOf(
    Array.from({ length: 25 }, (_, i) => `c${i}`),
    '',
  )
  expect(many.detail).toMatch(/c19; and 5 more$/)
})

test('the text has a line for each check and ends with how many passed', async () => {
  const text = reportText(
    await runChecks([good, { name: 'b', run: () => ({ ok: false, detail: 'no' }) }], clock()),
  )
  expect(text.split('\n')).toEqual([
    expect.stringMatching(/^ok {6}good +0 ms {2}fine$/),
    expect.stringMatching(/^FAILED {2}b +0 ms {2}no$/),
    '1 of 2 passed',
    '',
  ])
})
