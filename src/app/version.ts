// The program's own version, from its package file, wherever the built files are.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

type PackageFile = { readonly name: string; readonly version: string }

const isOurs = (read: Partial<PackageFile> | null): read is PackageFile =>
  read?.name === 'g6-stream' && typeof read.version === 'string'

function find(folder: string): string {
  const path = join(folder, 'package.json')
  try {
    const read: Partial<PackageFile> | null = JSON.parse(readFileSync(path, 'utf8'))
    if (!isOurs(read)) throw new Error(`${path} is not the package file of g6-stream`)
    return read.version
  } catch (error) {
    const parent = dirname(folder)
    if (parent === folder) throw error
    return find(parent)
  }
}

export const VERSION = find(dirname(fileURLToPath(import.meta.url)))
