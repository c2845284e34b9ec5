// The installed package as a stranger runs it: user nobody, no HOME, a root file system that is read-only. It must serve the page,
// the board and its stream, and say each thing that it cannot write once. check-package.mjs calls it; it needs root for mounts.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const WAIT_MS = 60_000
/** A read-only root with one folder in memory, then another user; each command replaces the one before, so signals reach the server. */
const CONFINE = `
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=1777 tmpfs "$SCRATCH"
mount -o remount,bind,ro /
if touch "$PROBE" 2>/dev/null; then echo 'the root is still writable' >&2; exit 9; fi
exec setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH=/usr/bin:/bin TMPDIR="$SCRATCH" "$@"
`

/** `node`: the Node to run it with; `folder`: where the package is installed, readable by everybody. */
export async function checkReadOnly(folder, node, args) {
  if (process.getuid?.() !== 0) throw new Error('the check on a read-only root needs root: it mounts')
  const [binary, scratch] = [join(folder, 'node'), join(folder, 'scratch')]
  // Nobody may not be allowed to read the folder of this Node.
  copyFileSync(node, binary)
  mkdirSync(scratch, { recursive: true })
  const main = join(folder, 'node_modules/g6-stream/dist/program/g6.js')
  const env = { PATH: process.env.PATH, SCRATCH: scratch, PROBE: join(folder, 'probe') }
  const command = ['-m', 'sh', '-c', CONFINE, 'sh', binary, main, ...args, '--port', '0']
  const child = spawn('unshare', command, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise(resolve => child.once('close', code => resolve(code)))
  let printed = ''
  const heard = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        printed += text
        const url =
          /"url":"(http:[^"]+)"/.exec(printed)?.[1] ?? /stream +(http:\/\/\S+)\/summary/.exec(printed)?.[1]
        if (url !== undefined) resolve(url)
      })
    }
    child.once('error', reject)
    void ended.then(code => reject(new Error(`it ended with ${code}:\n${printed}`)))
  })
  const signal = AbortSignal.timeout(WAIT_MS)
  try {
    const url = await heard
    // The stream waits for the first board.
    let events = ''
    const { body } = await fetch(`${url}/summary/events`, { signal })
    for await (const bytes of body) {
      events += Buffer.from(bytes).toString()
      if (events.includes('event: full_snapshot')) break
    }
    for (const path of ['/', '/summary/resync', '/summary/health']) {
      const { status } = await fetch(url + path, { signal })
      if (status !== 200) throw new Error(`${path} answered ${status}:\n${printed}`)
    }
  } finally {
    child.kill('SIGTERM')
  }
  const code = await ended
  if (code !== 0) throw new Error(`it ended with ${code}:\n${printed}`)
  const complaints = printed.split('\n').flatMap(line => {
    if (!line.startsWith('{')) return []
    const { level, msg } = JSON.parse(line)
    return level >= 40 ? [msg] : []
  })
  const twice = complaints.filter((msg, i) => complaints.indexOf(msg) !== i)
  if (twice.length > 0) throw new Error(`it printed more than once: ${twice.join('; ')}\n${printed}`)
  return complaints
}

/** A status file for `g6 serve`. */
export function writeStatus(folder) {
  const path = join(folder, 'status.json')
  writeFileSync(path, JSON.stringify({ cycle: 1, indices: { NIFTY: { ltp: 22_000, status: 'OK' } } }))
  return path
}
