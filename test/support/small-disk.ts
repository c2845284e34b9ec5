// A small disk that can be filled: its own tmpfs, mounted for one test.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type SmallDisk = {
  readonly path: string
  /** Uses all free space; also the rest of the last block of an open file. */
  fill(open?: number): void
  /** Frees it again. */
  empty(): void
  /** Unmounts it; the processes that write to it must have ended. */
  remove(): Promise<void>
}

const FILLER = '.filler'

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC'
}

/** In ever smaller pieces, until not one byte more fits. */
function fillFile(file: number): void {
  for (let piece = 65_536; piece >= 1; piece = Math.floor(piece / 2)) {
    const bytes = Buffer.alloc(piece, '\n')
    try {
      for (;;) writeSync(file, bytes)
    } catch (error) {
      if (!isFull(error)) throw error
    }
  }
}

function fill(path: string, open?: number): void {
  const file = openSync(join(path, FILLER), 'a')
  try {
    fillFile(file)
    if (open !== undefined) fillFile(open)
  } finally {
    closeSync(file)
  }
}

/** A disk of so many KB. Mounting needs root, or a machine that lets this user mount. */
export function mountSmallDisk(sizeKb: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'g6-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', path], { stdio: 'pipe' })
  } catch (error) {
    rmSync(path, { recursive: true })
    throw new Error(
      'this test needs a disk it can fill: it mounts a tmpfs, which this user may not. Run it as root (in a container: with CAP_SYS_ADMIN).',
      { cause: error },
    )
  }
  return {
    path,
    fill: open => fill(path, open),
    empty: () => rmSync(join(path, FILLER), { force: true }),
    async remove() {
      // Lazily: a process that was just killed may keep a file open for a moment.
      execFileSync('umount', ['--lazy', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}
