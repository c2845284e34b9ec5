// Notifies systemd for a service of `Type=notify`: that it is ready, that it stops, and, with `WatchdogSec=`, that it is alive
// (sd_notify(3)). The messages go to a unix datagram socket, which Node cannot open, so systemd's own `systemd-notify` sends them;
// the unit needs `NotifyAccess=all`, because that is another process. Without NOTIFY_SOCKET it does nothing.
import { spawn } from 'node:child_process'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Log } from '../log/log.js'

export type ServiceManager = {
  /** The ports are open. Starts the watchdog messages where the unit asks for them. */
  ready(): void
  /** The end has begun. */
  stopping(): void
  /** Ends the watchdog messages; idempotent. */
  close(): void
}

type Options = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly timers?: Timers
  /** Sends assignments such as `READY=1`; `systemd-notify` by default. */
  readonly send?: (assignments: readonly string[]) => void
}

/** Two messages within systemd's time, so that one may be late. */
const MESSAGES_PER_WATCHDOG_TIME = 2

/** `env`: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, as systemd sets them. */
export function createServiceManager({ env, log, timers = systemTimers, send }: Options): ServiceManager {
  if (env.NOTIFY_SOCKET === undefined) return SILENT
  const notify = send ?? systemdNotify(log)
  const everyMs = watchdogMs(env, process.pid)
  let cancel = (): void => {}
  const sendAlive = (): void => {
    if (everyMs === null) return
    cancel = timers.after(everyMs, () => {
      notify(['WATCHDOG=1'])
      sendAlive()
    })
  }
  return {
    ready: () => {
      notify(['READY=1'])
      sendAlive()
    },
    stopping: () => notify(['STOPPING=1']),
    close: () => cancel(),
  }
}

const SILENT: ServiceManager = { ready: () => {}, stopping: () => {}, close: () => {} }

/** Milliseconds between two watchdog messages; null where the unit has no watchdog or means another process. */
export function watchdogMs(env: Options['env'], pid: number): number | null {
  const microseconds = Number(env.WATCHDOG_USEC ?? '')
  const isForUs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid
  if (!isForUs || !Number.isSafeInteger(microseconds) || microseconds <= 0) return null
  return Math.max(1, Math.floor(microseconds / 1000 / MESSAGES_PER_WATCHDOG_TIME))
}

function systemdNotify(log: Log): (assignments: readonly string[]) => void {
  let isReported = false
  const report = (detail: string): void => {
    if (isReported) return
    isReported = true
    log.error({ detail }, 'systemd-notify failed; systemd does not know that the service is ready or alive')
  }
  return assignments => {
    const child = spawn('systemd-notify', assignments, { stdio: 'ignore' })
    child.on('error', error => report(error.message))
    child.on('exit', code => {
      if (code !== 0) report(`exit code ${code}`)
    })
  }
}
