// A SIGHUP before the program listens for it. By default SIGHUP ends a process, and systemd counts that as a clean end. So `g6`
// catches it from its first moment and reloads as soon as it can read the settings. This file imports nothing: it must be ready
// before everything else is loaded.

let isPending = false

/** Catches SIGHUP until the process ends. */
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
