// The desk at a distance: a sync to the disk may take long, and while it does, tokens must flow. So the desk works in a
// thread of its own; calls and results go through messages. Where there is no compiled thread file (the program runs from
// its sources), the desk works in the caller's thread and everything else is the same.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Appended, AuditDesk, DeskOptions, Opened } from './desk.js'
import type { Draft } from './draft.js'
import { AuditError, codeOf } from './errors.js'
import type { Swept } from './store.js'

/** What the trail needs of a desk; each call may reject with an error that has a `code`. */
export type AuditWriter = {
  /** Called before anything else, and again when it failed. */
  open(): Promise<Opened>
  append(drafts: readonly Draft[]): Promise<Appended>
  sweep(beforeMs: number, atMs: number): Promise<Swept>
  /** Ends it; nothing may be called afterwards. */
  close(): Promise<void>
}

export type Call =
  | { readonly do: 'open' }
  | { readonly do: 'append'; readonly drafts: readonly Draft[] }
  | { readonly do: 'sweep'; readonly beforeMs: number; readonly atMs: number }
  | { readonly do: 'close' }

export type CallMessage = { readonly id: number; readonly call: Call }
export type AnswerMessage =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string }

const THREAD_FILE = fileURLToPath(new URL('./writer-thread.js', import.meta.url))

/** In a thread of its own where that is possible. Opens nothing yet. */
export function createWriter(options: DeskOptions): AuditWriter {
  return existsSync(THREAD_FILE) ? createThreadWriter(options) : createLocalWriter(options)
}

/** In this thread. */
export function createLocalWriter(options: DeskOptions): AuditWriter {
  const call = createCalls(options)
  return proxy(async each => call(each))
}

/** Runs calls on a desk; `writer-thread.ts` has one. */
export function createCalls(options: DeskOptions): (call: Call) => Promise<unknown> {
  let desk: AuditDesk | null = null
  return async call => {
    if (call.do === 'open') {
      // SQLite is loaded where it is used: where a thread writes, the server itself does without it.
      const { openDesk } = await import('./desk.js')
      const opened = await openDesk(options)
      desk = opened.desk
      return opened.opened
    }
    if (call.do === 'close') return desk?.close()
    if (desk === null) throw new AuditError('missing', 'the audit trail is not open')
    return call.do === 'append' ? desk.append(call.drafts) : desk.sweep(call.beforeMs, call.atMs)
  }
}

/** The border: a call's answer has the type of that call. */
function proxy(call: (call: Call) => Promise<unknown>): AuditWriter {
  return {
    open: () => call({ do: 'open' }) as Promise<Opened>,
    append: drafts => call({ do: 'append', drafts }) as Promise<Appended>,
    sweep: (beforeMs, atMs) => call({ do: 'sweep', beforeMs, atMs }) as Promise<Swept>,
    close: () => call({ do: 'close' }) as Promise<void>,
  }
}

/** An error from the thread; `code` as it was thrown there. */
class WriterError extends Error {
  override readonly name = 'WriterError'
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

function createThreadWriter(options: DeskOptions): AuditWriter {
  type Waiting = { resolve(value: unknown): void; reject(error: Error): void }
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let calls = 0

  function start(): Worker {
    const started = new Worker(THREAD_FILE, { workerData: options, execArgv: [] })
    started.unref()
    started.on('message', (answer: AnswerMessage) => {
      const caller = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (waiting.size === 0) started.unref()
      if (answer.ok) caller?.resolve(answer.value)
      else caller?.reject(new WriterError(answer.code, answer.message))
    })
    let why = 'by itself'
    started.on('error', (error: unknown) => {
      // `exit` follows and tells whoever waits.
      why = codeOf(error)
    })
    started.on('exit', () => {
      if (worker === started) worker = null
      for (const caller of waiting.values()) {
        caller.reject(
          new AuditError('writer_ended', `the thread that writes the audit trail has ended (${why})`),
        )
      }
      waiting.clear()
    })
    return started
  }

  function call(each: Call): Promise<unknown> {
    // A thread that ended by a fault is begun anew by the next `open`.
    if (worker === null && each.do !== 'open') {
      return each.do === 'close'
        ? Promise.resolve()
        : Promise.reject(new AuditError('writer_ended', 'the audit trail is not open'))
    }
    worker ??= start()
    const current = worker
    calls += 1
    const message: CallMessage = { id: calls, call: each }
    return new Promise((resolve, reject) => {
      waiting.set(message.id, { resolve, reject })
      current.ref()
      current.postMessage(message)
    })
  }

  const { close, ...rest } = proxy(call)
  return {
    ...rest,
    close: async () => {
      await close()
      await worker?.terminate()
    },
  }
}
