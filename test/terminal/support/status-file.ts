// A status file of one test: written like a real writer does, removed with its folder afterwards.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Status } from '../../../src/snapshot/reading.js'
import { fixture } from './scenes.js'

const folders = new Set<string>()

export class StatusFile {
  readonly folder = mkdtempSync(join(tmpdir(), 'g6-terminal-'))
  readonly path = join(this.folder, 'status.json')

  constructor(status: Status | null = fixture('full')) {
    folders.add(this.folder)
    if (status !== null) this.write(status)
  }

  /** Written now, with a matching time. */
  write(status: Status): void {
    this.writeText(JSON.stringify({ ...status, timestamp: new Date().toISOString() }))
  }

  /** The full fixture, changed. */
  change(more: Status): void {
    this.write({ ...fixture('full'), ...more })
  }

  writeText(text: string): void {
    writeFileSync(`${this.path}.new`, text)
    renameSync(`${this.path}.new`, this.path)
  }

  /** For `g6 dashboard` on this file, with no other output. */
  get args(): string[] {
    return ['dashboard', '--status-file', this.path, '--no-write-panels']
  }
}

export function removeStatusFiles(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}
