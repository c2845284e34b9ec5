// Test messages: sent at once, each to its receiver, and what came of it.
import type { Sender } from './delivery.js'
import type { Notification } from './message.js'

export type TestResult = {
  readonly rule: string
  readonly target: string
  readonly ok: boolean
  readonly why: string | null
}

/** A person waits for the answer. */
const LIMIT_MS = 20_000

export function sendTests(
  tests: readonly { readonly sender: Sender; readonly message: Notification }[],
): Promise<readonly TestResult[]> {
  return Promise.all(
    tests.map(async ({ sender, message }) => {
      const why = await sender.send(message, AbortSignal.timeout(LIMIT_MS)).then(
        outcome => (outcome.ok ? null : outcome.why),
        (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
      )
      return { rule: message.rule, target: sender.shown, ok: why === null, why }
    }),
  )
}
