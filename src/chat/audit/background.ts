// The writer in the background: syncing to the disk may take long, and tokens must flow meanwhile. So it runs in a thread of
// its own; calls and results are messages. Without a compiled thread file (when the program runs from its sources) it runs in
// the caller's thread, with the same behaviour.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { threadCalls } from '../../files/thread-calls.js'
import type { Draft } from './draft.js'
import type { CarriedOut, ErasureRequest } from './erasure-requests.js'
import { AuditError } from './files.js'
import type { Removed } from './store.js'
import type { Appended, AuditWriter, Opened, Vanished, WriterOptions } from './writer.js'

/** Each call may reject with an error that has a `code`. Nothing may be called after `close`. */
export type BackgroundWriter = Pick<AuditWriter, 'append' | 'check' | 'sweep' | 'carryOut' | 'close'> & {
  /** Called first, and again after it failed. */
  open(): Promise<Opened>
  requests(nowMs: number): Promise<readonly ErasureRequest[]>
}

export type Call =
  | { readonly do: 'open' }
  | { readonly do: 'append'; readonly drafts: readonly Draft[] }
  | { readonly do: 'check' }
  | { readonly do: 'sweep'; readonly beforeMs: number; readonly atMs: number }
  | { readonly do: 'requests'; readonly nowMs: number }
  | { readonly do: 'carryOut'; readonly requests: readonly ErasureRequest[]; readonly nowMs: number }
  | { readonly do: 'close' }

const THREAD_FILE = fileURLToPath(new URL('./writer-thread.js', import.meta.url))

/** In a thread when possible. Opens nothing yet. */
export function createBackgroundWriter(options: WriterOptions): BackgroundWriter {
  return existsSync(THREAD_FILE) ? createThreadWriter(options) : createLocalWriter(options)
}

/** In this thread. */
export function createLocalWriter(options: WriterOptions): BackgroundWriter {
  return proxy(createCalls(options))
}

/** Runs calls on a writer. */
export function createCalls(options: WriterOptions): (call: Call) => Promise<unknown> {
  let writer: AuditWriter | null = null
  let vanished: Vanished | null = null
  return async call => {
    if (call.do === 'open') {
      // Loads SQLite only where it is used: with a thread, not in the server's own.
      const { openWriter } = await import('./writer.js')
      if (writer !== null) {
        vanished = writer.vanished()
        const ended = writer
        writer = null
        // The next one needs its lock. What it could not write is queued.
        await ended.close().catch(() => {})
      }
      const again = await openWriter(options, Date.now, vanished)
      writer = again.writer
      vanished = null
      return again.opened
    }
    if (call.do === 'close') return writer?.close()
    if (writer === null) throw new AuditError('missing', 'the audit trail is not open')
    switch (call.do) {
      case 'check':
        return writer.check()
      case 'append':
        return writer.append(call.drafts)
      case 'sweep':
        return writer.sweep(call.beforeMs, call.atMs)
      case 'requests':
        return writer.requests(call.nowMs)
      case 'carryOut':
        return writer.carryOut(call.requests, call.nowMs)
    }
  }
}

/** The border: the answer to a call has the type of that call. */
function proxy(call: (call: Call) => Promise<unknown>): BackgroundWriter {
  return {
    open: () => call({ do: 'open' }) as Promise<Opened>,
    append: drafts => call({ do: 'append', drafts }) as Promise<Appended>,
    check: () => call({ do: 'check' }) as Promise<void>,
    sweep: (beforeMs, atMs) => call({ do: 'sweep', beforeMs, atMs }) as Promise<Removed>,
    requests: nowMs => call({ do: 'requests', nowMs }) as Promise<readonly ErasureRequest[]>,
    carryOut: (requests, nowMs) =>
      call({ do: 'carryOut', requests, nowMs }) as Promise<readonly CarriedOut[]>,
    close: () => call({ do: 'close' }) as Promise<void>,
  }
}

function createThreadWriter(options: WriterOptions): BackgroundWriter {
  const thread = threadCalls<Call>(
    THREAD_FILE,
    options,
    why => new AuditError('writer_ended', `the thread that writes the audit trail has ended (${why})`),
  )
  const { close, ...rest } = proxy(each => {
    if (thread.isRunning || each.do === 'open') return thread.call(each)
    // After the thread has ended, only `open` starts another.
    return each.do === 'close'
      ? Promise.resolve()
      : Promise.reject(new AuditError('writer_ended', 'the audit trail is not open'))
  })
  return {
    ...rest,
    close: async () => {
      await close()
      await thread.end()
    },
  }
}
