// The entry of the thread that writes the audit trail (background.ts starts it).
import { parentPort, workerData } from 'node:worker_threads'
import { type AnswerMessage, type CallMessage, createCalls } from './background.js'
import { codeOf } from './files.js'
import type { WriterOptions } from './writer.js'

const run = createCalls(workerData as WriterOptions)

parentPort?.on('message', ({ id, call }: CallMessage) => {
  const answer = (message: AnswerMessage): void => parentPort?.postMessage(message)
  run(call).then(
    value => answer({ id, ok: true, value }),
    (error: unknown) =>
      answer({
        id,
        ok: false,
        code: codeOf(error),
        message: error instanceof Error ? error.message : String(error),
      }),
  )
})
