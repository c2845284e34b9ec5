// The program's own version, from its package file, wherever the built files are.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const packageFile = z.looseObject({ name: z.literal('g6-stream'), version: z.string() })

function find(folder: string): string {
  try {
    return packageFile.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).version
  } catch (error) {
    const parent = dirname(folder)
    if (parent === folder) throw error
    return find(parent)
  }
}

export const VERSION = find(dirname(fileURLToPath(import.meta.url)))
