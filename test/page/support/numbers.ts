// Boards with numbers that have facts, and a page whose clock the test moves.
import type { Page } from 'playwright-core'
import { makePanel } from '../../../src/panels/lines.js'
import type { Column, Field, Panel, Tone } from '../../../src/panels/panel.js'

/** One table of prices. */
export function prices(ltp: Readonly<Record<string, number>>): Panel {
  const columns: readonly Column[] = [{ label: 'Index' }, { label: 'LTP', align: 'right', fact: 'ltp' }]
  const rows = Object.entries(ltp).map(([name, value]) => [{ text: name }, { text: value.toFixed(2), value }])
  const facts = Object.fromEntries(Object.entries(ltp).map(([name, value]) => [name, { ltp: value }]))
  return makePanel('prices', 'Prices', [{ kind: 'table', columns, rows }], facts)
}

export type GivenNumber = { readonly value: number; readonly unit?: string; readonly tone?: Tone }

/** One panel of fields: a word of state, and numbers. */
export function cluster(status: string, tone: Tone, numbers: Readonly<Record<string, GivenNumber>>): Panel {
  const fields = Object.entries(numbers).map(
    ([label, { value, unit, tone: ofNumber }]): Field => ({
      label,
      text: unit === undefined ? String(value) : `${value} ${unit}`,
      value,
      fact: label,
      ...(unit === undefined ? {} : { unit }),
      ...(ofNumber === undefined ? {} : { tone: ofNumber }),
    }),
  )
  const items = [{ label: 'status', text: status, tone }, ...fields]
  const facts = Object.fromEntries(Object.entries(numbers).map(([label, { value }]) => [label, value]))
  return makePanel('cluster', 'Cluster', [{ kind: 'fields', items }], facts)
}

/** Before the page's scripts: records whether the shared worker still owes an answer. */
export function recordQuestions(): void {
  const page = globalThis as unknown as { isAsking: boolean }
  page.isAsking = false
  const Worker = SharedWorker
  globalThis.SharedWorker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given)
      const { port } = this
      const post = port.postMessage.bind(port)
      port.postMessage = (message: unknown) => {
        page.isAsking = true
        post(message)
      }
      port.addEventListener('message', () => {
        page.isAsking = false
      })
    }
  }
}

/** The worker has its own clock, and the page leaves one that owes many answers. */
async function answered(page: Page, deadlineMs: number): Promise<void> {
  while (await page.evaluate(() => (globalThis as unknown as { isAsking: boolean }).isAsking))
    if (Date.now() > deadlineMs) throw new Error('the worker does not answer')
}

/** Lets the page's time pass until it shows this. What the server sent comes in real time. */
export async function until(page: Page, isShown: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 60_000
  while (!(await isShown())) {
    if (Date.now() > deadlineMs) throw new Error('the page does not come to show it')
    await answered(page, deadlineMs)
    await page.clock.runFor(100)
  }
}

/** The page's clock moves on, in steps short enough that a connection counts as sound. */
export async function pass(page: Page, sec: number): Promise<void> {
  const deadlineMs = Date.now() + 60_000
  for (let done = 0; done < sec; done += 5) {
    await answered(page, deadlineMs)
    await page.clock.runFor(Math.min(5, sec - done) * 1_000)
  }
  await answered(page, deadlineMs)
}
