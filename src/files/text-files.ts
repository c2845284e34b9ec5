// Every text file under a folder that a person wrote: sources, tests, docs, configuration; without built, installed or collected
// files.
import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type TextFile = {
  /** Relative to the root, with `/`. */
  readonly path: string
  readonly text: string
}

const NOT_WRITTEN = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage', '__pycache__'])
/** Larger files are data. */
const MAX_BYTES = 2 * 1024 ** 2
const MAX_FILES = 20_000

/** Throws when there are no files or too many, or when one cannot be read. */
export async function textFiles(root: string): Promise<readonly TextFile[]> {
  const paths = await pathsUnder(root, '')
  if (paths.length === 0) throw new Error(`${root} has no files`)
  if (paths.length > MAX_FILES) throw new Error(`${root} has ${paths.length} files; at most ${MAX_FILES}`)
  const files = await Promise.all(paths.map(path => textFile(root, path)))
  return files.flatMap(file => file ?? [])
}

async function pathsUnder(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found = await Promise.all(
    entries
      .filter(({ name }) => !NOT_WRITTEN.has(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(entry => pathsOf(root, folder === '' ? entry.name : `${folder}/${entry.name}`, entry)),
  )
  return found.flat()
}

async function pathsOf(root: string, path: string, entry: Dirent): Promise<readonly string[]> {
  if (entry.isDirectory()) return pathsUnder(root, path)
  return entry.isFile() ? [path] : []
}

/** Null when it is not text. */
async function textFile(root: string, path: string): Promise<TextFile | null> {
  const whole = join(root, path)
  if ((await stat(whole)).size > MAX_BYTES) return null
  const text = await readFile(whole, 'utf8')
  return text.includes('\0') ? null : { path, text }
}
