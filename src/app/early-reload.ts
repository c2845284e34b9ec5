// A SIGHUP that comes before the program listens for it. By default SIGHUP ends a process, and systemd counts such an end as
// clean. So `g6` catches it from its first moment, and the reload is made up for as soon as the settings can be read again.
// This file imports nothing: it must be ready before all else is loaded.

let isPending = false

/** Catches SIGHUP from now on, for as long as the process lives. */
export function catchEarlyReload(): void {
  process.on('SIGHUP', () => {
    isPending = true
  })
}

/** Whether a SIGHUP came since the last call. */
export function takeEarlyReload(): boolean {
  const was = isPending
  isPending = false
  return was
}
