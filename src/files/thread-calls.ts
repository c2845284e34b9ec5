// Calls to a thread that does slow work, a disk's for example: each is a message, and so is its answer. The thread is started by the
// first call and keeps the process alive only while one is under way.
import { parentPort, Worker } from 'node:worker_threads'

export type ThreadCalls<C> = {
  readonly isRunning: boolean
  /** Starts the thread where none runs. Rejects with what the call throws (its message and `code`), or when the thread ends. */
  call(call: C): Promise<unknown>
  end(): Promise<void>
}

type CallMessage<C> = { readonly id: number; readonly call: C }
type AnswerMessage =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string }

type Caller = { resolve(value: unknown): void; reject(error: Error): void }

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

/** `ended`: makes the error of calls whose thread has ended. */
export function threadCalls<C>(
  file: string,
  workerData: unknown,
  ended: (why: string) => Error,
): ThreadCalls<C> {
  const callers = new Map<number, Caller>()
  let worker: Worker | null = null
  let calls = 0

  function start(): Worker {
    const started = new Worker(file, { workerData, execArgv: [] })
    started.unref()
    started.on('message', (answer: AnswerMessage) => {
      const caller = callers.get(answer.id)
      callers.delete(answer.id)
      if (callers.size === 0) started.unref()
      if (answer.ok) caller?.resolve(answer.value)
      else caller?.reject(Object.assign(new Error(answer.message), { code: answer.code }))
    })
    let why = 'no error'
    started.on('error', (error: unknown) => {
      // `exit` follows and rejects the calls.
      why = codeOf(error)
    })
    started.on('exit', () => {
      if (worker === started) worker = null
      const error = ended(why)
      for (const { reject } of callers.values()) reject(error)
      callers.clear()
    })
    return started
  }

  return {
    get isRunning() {
      return worker !== null
    },
    call(each) {
      worker ??= start()
      const current = worker
      calls += 1
      const message: CallMessage<C> = { id: calls, call: each }
      return new Promise((resolve, reject) => {
        callers.set(message.id, { resolve, reject })
        current.ref()
        current.postMessage(message)
      })
    },
    async end() {
      await worker?.terminate()
    },
  }
}

/** In the thread: each call is given to `run`. */
export function answerCalls<C>(run: (call: C) => Promise<unknown>): void {
  parentPort?.on('message', ({ id, call }: CallMessage<C>) => {
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
}
