// The thread in which the audit trail is written (writer.ts starts it).
import { parentPort, workerData } from 'node:worker_threads'
import type { DeskOptions } from './desk.js'
import { codeOf } from './errors.js'
import { type AnswerMessage, type CallMessage, createCalls } from './writer.js'

const call = createCalls(workerData as DeskOptions)

parentPort?.on('message', ({ id, call: asked }: CallMessage) => {
  const answer = (message: AnswerMessage): void => parentPort?.postMessage(message)
  call(asked).then(
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
