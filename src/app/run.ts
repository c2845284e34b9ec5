// One program from its start to its exit code: signals, a reload, an uncaught error, and an end by itself.
//
//   SIGTERM, SIGINT   ends in order, exit 0; a second one ends now, exit 130
//   SIGHUP            reads the settings again, also one that came before this
//   uncaught error    logged, ended in order, exit 1
import type { EventEmitter } from 'node:events'
import type { LoadResult } from '../config/load.js'
import type { Listening } from '../http/listeners.js'
import type { Log } from '../log/log.js'
import { takeEarlyReload } from './early-reload.js'
import type { Program } from './program.js'
import type { ServiceManager } from './service-manager.js'

export const EXIT_OK = 0
export const EXIT_FAILED = 1
/** 128 + SIGINT, as shells count. */
export const EXIT_NOW = 130

/** The part of the process that is needed; tests bring their own. */
export type ProcessEdge = Pick<EventEmitter, 'on' | 'removeListener'> & { exit(code: number): void }

export type RunOptions = {
  readonly program: Program
  readonly log: Log
  readonly load: () => LoadResult
  /** Called with the addresses once the ports are open. */
  readonly onListening?: (listening: readonly Listening[]) => void
  /** Called before a crash ends the process: gives the terminal back. */
  readonly restore?: () => void
  readonly edge?: ProcessEdge
  /** Whether a SIGHUP came before this call. */
  readonly earlyReload?: () => boolean
  /** Notified when the program is ready and when it stops; none by default. */
  readonly service?: ServiceManager
}

/** Resolves to the exit code when everything has ended. */
export async function runProgram(options: RunOptions): Promise<number> {
  const { program, log, load, onListening, restore, service } = options
  const edge: ProcessEdge = options.edge ?? process
  let code = EXIT_OK
  let ending = false

  const end = (): void => {
    if (ending) {
      restore?.()
      edge.exit(EXIT_NOW)
      return
    }
    ending = true
    service?.stopping()
    log.info('stopping; a second signal ends it at once')
    void program.stop()
  }
  const reload = (): void => program.reload(load())
  const crash = (error: unknown): void => {
    log.fatal({ err: error }, 'an unexpected error; the program ends')
    restore?.()
    code = EXIT_FAILED
    if (ending) edge.exit(EXIT_FAILED)
    else end()
  }
  const listeners: readonly (readonly [string, (error: unknown) => void])[] = [
    ['SIGTERM', end],
    ['SIGINT', end],
    ['SIGHUP', reload],
    ['uncaughtException', crash],
    ['unhandledRejection', crash],
  ]
  for (const [event, listener] of listeners) edge.on(event, listener)
  if ((options.earlyReload ?? takeEarlyReload)()) reload()
  try {
    const listening = await program.start()
    if (!ending) {
      onListening?.(listening)
      service?.ready()
    }
    await program.finished
    await program.stop()
  } catch (error) {
    code = EXIT_FAILED
    await program.stop()
    throw error
  } finally {
    service?.close()
    for (const [event, listener] of listeners) edge.removeListener(event, listener)
  }
  return code
}
