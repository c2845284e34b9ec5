// Reads the settings file and the files of secrets from disk, and passes everything to `loadConfig`.
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment, Flags, SettingsFile } from './layers.js'
import { type LoadInput, type LoadResult, loadConfig } from './load.js'

export const SETTINGS_FILE = 'g6.toml'
const MAX_SETTINGS_BYTES = 1024 ** 2
const MAX_SECRET_BYTES = 64 * 1024

export type FromProcess = {
  readonly env?: Environment
  readonly flags?: Flags
  /** `--config`; without it `./g6.toml`, where there is one. */
  readonly configPath?: string | null
  readonly cwd?: string
  readonly judge?: NonNullable<LoadInput['judge']>
}

/** Reads flags, environment and file; SIGHUP calls it again. */
export function loadConfigFromProcess(options: FromProcess = {}): LoadResult {
  const { env = process.env, flags = {}, configPath = null, cwd = process.cwd(), judge } = options
  const file = readSettingsFile(configPath, cwd)
  if (!file.ok) {
    const { path, why } = file
    return { ok: false, errors: [{ name: path, message: `${path} cannot be read (${why})` }], warnings: [] }
  }
  const readSecretFile = (path: string): string => readBounded(path, MAX_SECRET_BYTES)
  return loadConfig({ env, flags, file: file.file, readSecretFile, ...(judge && { judge }) })
}

type FileRead =
  | { readonly ok: true; readonly file: SettingsFile | null }
  | { readonly ok: false; readonly path: string; readonly why: string }

function readSettingsFile(configPath: string | null, cwd: string): FileRead {
  const path = configPath ?? SETTINGS_FILE
  const fullPath = configPath ?? join(cwd, SETTINGS_FILE)
  try {
    return { ok: true, file: { path, text: readBounded(fullPath, MAX_SETTINGS_BYTES) } }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return code === 'ENOENT' && configPath === null
      ? { ok: true, file: null }
      : { ok: false, path, why: code }
  }
}

class TooLarge extends Error {
  readonly code: string
  constructor(maxBytes: number) {
    super(`larger than ${maxBytes} bytes`)
    this.code = `larger than ${maxBytes} bytes`
  }
}

/** Also for pipes (`--token-file <(pass show g6)`); reads a limited number of bytes. */
function readBounded(path: string, maxBytes: number): string {
  const handle = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(maxBytes + 1)
    let size = 0
    for (;;) {
      const read = readSync(handle, buffer, size, buffer.length - size, null)
      size += read
      if (size > maxBytes) throw new TooLarge(maxBytes)
      if (read === 0) return buffer.toString('utf8', 0, size)
    }
  } finally {
    closeSync(handle)
  }
}
