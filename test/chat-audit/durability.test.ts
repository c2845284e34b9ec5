// What a killed process and a full disk leave of the audit trail. The writer is a process of its own, on real files.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadKey } from '../../src/chat/audit/files.js'
import { newestRecords } from '../../src/chat/audit/read.js'
import { verifyTrail } from '../../src/chat/audit/verify.js'
import { openWriter } from '../../src/chat/audit/writer.js'

const WRITER = fileURLToPath(new URL('../support/audit-writer.mjs', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-audit-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

type Written = { readonly safe: number; readonly fault: string | null; readonly stderr: string }

/** Runs the writer; `killAfter` acknowledged batches it is killed. */
function write(
  path: string,
  args: readonly number[],
  killAfter = Number.POSITIVE_INFINITY,
): Promise<Written> {
  const child = spawn(process.execPath, [WRITER, path, ...args.map(String)])
  let out = ''
  let stderr = ''
  child.stdout.on('data', text => {
    out += text
    if (out.split('safe').length > killAfter) child.kill('SIGKILL')
  })
  child.stderr.on('data', text => {
    stderr += text
  })
  return new Promise(resolve =>
    child.on('close', () => {
      // A line that was cut by the kill is no promise.
      const lines = out
        .slice(0, out.lastIndexOf('\n') + 1)
        .trim()
        .split('\n')
      const safe = lines.flatMap(line => /^safe (\d+)$/.exec(line)?.[1] ?? []).at(-1)
      const fault = /^fault (\S+)$/m.exec(out)?.[1] ?? null
      resolve({ safe: Number(safe ?? 0), fault, stderr })
    }),
  )
}

const verdictOf = (path: string) => verifyTrail(path, loadKey(path, null) ?? Buffer.alloc(0))

describe('a process that is killed while it writes', () => {
  test('loses no acknowledged record, breaks no chain, and leaves no lock for the next one', async () => {
    const path = join(folder, 'audit.db')
    let before = 0
    for (const killAfter of [1, 3, 7, 12, 20]) {
      const { safe, stderr } = await write(path, [7, 50, 0], killAfter)
      expect(stderr).toBe('')
      expect(safe).toBeGreaterThanOrEqual(7 * killAfter)
      const verdict = await verdictOf(path)
      if (!verdict.ok) throw new Error(verdict.message)
      expect(verdict.records).toBeGreaterThanOrEqual(before + safe)
      expect(verdict.afterHead).toBeLessThanOrEqual(7)
      before = verdict.records
    }
    const { writer, opened } = await openWriter({ path, key: null, asServer: true })
    expect(opened.crashed).toBeGreaterThanOrEqual(7 * 20)
    expect(opened.headMismatch).toBe(false)
    await writer.close()
    const newest = newestRecords(path, 1)[0]
    expect(newest).toMatchObject({ operation: 'stream.end', details: { reason: 'crashed' } })
    expect(await verdictOf(path)).toMatchObject({ ok: true })
  })
})

const isRoot = process.getuid?.() === 0

describe('a full disk', () => {
  // Mounting a small file system needs root; without it the fault itself is tested in trail.test.ts.
  test.runIf(isRoot)(
    'keeps what was acknowledged, takes nothing by halves, and goes on when there is room',
    async () => {
      const disk = join(folder, 'disk')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk])
      try {
        const path = join(disk, 'audit.db')
        const { safe, fault, stderr } = await write(path, [5, 3000, 0])
        expect(stderr).toBe('')
        expect(fault).toMatch(/^(SQLITE_FULL|SQLITE_IOERR\w*|ENOSPC)$/)
        expect(safe).toBeGreaterThan(0)
        expect(await verdictOf(path)).toMatchObject({ ok: true, records: safe })
        execFileSync('mount', ['-o', 'remount,size=8m', disk])
        const more = await write(path, [5, 10, 2])
        expect(more).toMatchObject({ fault: null, safe: safe + 10 })
        expect(await verdictOf(path)).toMatchObject({ ok: true, records: safe + more.safe })
      } finally {
        // Lazily: the driver gives file handles back when its statements are collected.
        execFileSync('umount', ['--lazy', disk])
      }
    },
  )
})
