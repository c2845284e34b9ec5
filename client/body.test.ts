import { expect, test } from 'vitest'
import { bodyText } from './body.js'

const LONG = new AbortController().signal

/** A body that sends `piece` and, unless it `ends`, nothing more; `cancelled` resolves when its reader cancels it. */
function body(piece: string, ends: boolean) {
  let cancel = (): void => {}
  const cancelled = new Promise<void>(resolve => {
    cancel = resolve
  })
  const stream = new ReadableStream<Uint8Array>({
    start: controller => {
      controller.enqueue(new TextEncoder().encode(piece))
      if (ends) controller.close()
    },
    cancel,
  })
  return { response: new Response(stream), cancelled }
}

test('a body within its limits is read whole', async () => {
  expect(await bodyText(body('é€', true).response, 5, LONG)).toBe('é€')
  expect(await bodyText(new Response(null), 0, LONG)).toBe('')
})

test('one byte over the limit ends it, and its connection', async () => {
  const { response, cancelled } = body('é€', false)
  await expect(bodyText(response, 4, LONG)).rejects.toThrow('over 4 bytes')
  await cancelled
})

test('so does the end of its time', async () => {
  const { response, cancelled } = body('{', false)
  await expect(bodyText(response, 100, AbortSignal.timeout(20))).rejects.toThrow('timeout')
  await cancelled
})
