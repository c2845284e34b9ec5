import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AtomicEdge, blockingEdge, systemEdge, writeAtomically } from './atomic.js'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-atomic-'))
  path = join(folder, 'status.json')
})
afterEach(() => rm(folder, { recursive: true }))

function fault(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** The real file system with these replaced; waits are recorded and return at once. */
function edgeWith(faults: Partial<AtomicEdge>): AtomicEdge & { readonly waited: number[] } {
  const waited: number[] = []
  const wait = async (ms: number) => {
    waited.push(ms)
  }
  return { ...systemEdge, wait, waited, ...faults }
}

/** A rename that fails this often, then works. */
function heldFor(tries: number, code: string): AtomicEdge['rename'] {
  let left = tries
  return async (from, to) => {
    if (left > 0) {
      left -= 1
      throw fault(code)
    }
    await systemEdge.rename(from, to)
  }
}

describe.each([
  { how: 'with waiting', edge: systemEdge },
  { how: 'holding the thread', edge: blockingEdge },
])('$how', ({ edge }) => {
  test('a file is written, and replaced, with no other file left', async () => {
    await writeAtomically(path, 'one', edge)
    expect(await readFile(path, 'utf8')).toBe('one')
    await writeAtomically(path, 'zwei ✓', edge)
    expect(await readFile(path, 'utf8')).toBe('zwei ✓')
    expect(await readdir(folder)).toEqual(['status.json'])
  })

  test('a missing folder is created', async () => {
    const deep = join(folder, 'a', 'b', 'status.json')
    await writeAtomically(deep, 'one', edge)
    expect(await readFile(deep, 'utf8')).toBe('one')
  })

  test('what is at the path of the temporary file is left alone, a link too', async () => {
    await symlink(join(folder, 'elsewhere'), path)
    await expect(edge.writeFlushed(path, 'one')).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readdir(folder)).toEqual(['status.json'])
  })
})

test('the temporary file is in the same folder, hidden, with the process id and a random part in its name', async () => {
  const names: string[] = []
  const edge = edgeWith({
    writeFlushed: async (temporary, text) => {
      names.push(temporary)
      await systemEdge.writeFlushed(temporary, text)
    },
  })
  await writeAtomically(path, 'one', edge)
  await writeAtomically(path, 'two', edge)
  const pattern = new RegExp(`^\\.status\\.json\\.${process.pid}-[0-9a-f]{16}\\.tmp$`)
  expect(names.map(name => name.slice(folder.length + 1))).toEqual([
    expect.stringMatching(pattern),
    expect.stringMatching(pattern),
  ])
  expect(new Set(names).size).toBe(2)
})

describe('a link planted where the temporary file will be', () => {
  test.each([
    ['to a file', async (victim: string) => writeFile(victim, 'precious')],
    ['to nothing yet', async () => {}],
  ])('%s is refused, and what it points to stays as it was', async (_to, prepare) => {
    const victim = join(folder, 'victim')
    await prepare(victim)
    const planted = join(folder, '.status.json.planted.tmp')
    await symlink(victim, planted)
    const before = await readFile(victim, 'utf8').catch(() => null)
    await expect(systemEdge.writeFlushed(planted, 'overwritten')).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readFile(victim, 'utf8').catch(() => null)).toBe(before)
  })

  test('under each of the next names a counter would give is not followed', async () => {
    const victim = join(folder, 'victim')
    await writeFile(victim, 'precious')
    // The first write of a file removes leftovers with this process id, planted links too.
    await writeAtomically(path, 'first')
    for (let n = 0; n < 200; n++) await symlink(victim, join(folder, `.status.json.${process.pid}-${n}.tmp`))
    await writeAtomically(path, 'second')
    expect(await readFile(victim, 'utf8')).toBe('precious')
    expect((await lstat(path)).isSymbolicLink()).toBe(false)
    expect(await readFile(path, 'utf8')).toBe('second')
  })

  test('a link at the file’s own place is replaced, not followed', async () => {
    const victim = join(folder, 'victim')
    await writeFile(victim, 'precious')
    await symlink(victim, path)
    await writeAtomically(path, 'new')
    expect(await readFile(victim, 'utf8')).toBe('precious')
    expect((await lstat(path)).isSymbolicLink()).toBe(false)
  })
})

test('a reader at any moment sees one text or the other, whole', async () => {
  const texts = ['a'.repeat(300_000), 'b'.repeat(200_000)]
  await writeAtomically(path, texts[0] ?? '')
  let isWriting = true
  const writing = (async () => {
    for (let i = 0; i < 40; i += 1) await writeAtomically(path, texts[i % 2] ?? '')
    isWriting = false
  })()
  const seen = new Set<string>()
  while (isWriting) seen.add(await readFile(path, 'utf8'))
  await writing
  expect([...seen].filter(text => !texts.includes(text))).toEqual([])
})

test('concurrent writes of one file leave one of their texts and no temporary file', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(5000))
  await Promise.all(texts.map(text => writeAtomically(path, text)))
  expect(texts).toContain(await readFile(path, 'utf8'))
  expect(await readdir(folder)).toEqual(['status.json'])
})

describe('when something is wrong', () => {
  test.each(['EPERM', 'EACCES', 'EBUSY'])('a file that is busy for a moment (%s) is retried', async code => {
    const edge = edgeWith({ rename: heldFor(3, code) })
    await writeAtomically(path, 'one', edge)
    expect(await readFile(path, 'utf8')).toBe('one')
    expect(edge.waited).toEqual([5, 20, 80])
  })

  test('a file that stays busy is an error; the old text stays and no other file is left', async () => {
    await writeFile(path, 'old')
    const edge = edgeWith({ rename: heldFor(4, 'EBUSY') })
    await expect(writeAtomically(path, 'new', edge)).rejects.toMatchObject({ code: 'EBUSY' })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['status.json'])
  })

  test('another error of the rename is not retried', async () => {
    const edge = edgeWith({ rename: heldFor(1, 'EXDEV') })
    await expect(writeAtomically(path, 'new', edge)).rejects.toMatchObject({ code: 'EXDEV' })
    expect(edge.waited).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  test('a disk that fills up midway leaves the old text and no part of the new', async () => {
    await writeFile(path, 'old')
    const edge = edgeWith({
      writeFlushed: async (temporary, text) => {
        await writeFile(temporary, text.slice(0, 1))
        throw fault('ENOSPC')
      },
    })
    await expect(writeAtomically(path, 'new', edge)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['status.json'])
  })

  test('a folder that cannot be created is an error', async () => {
    await writeFile(join(folder, 'plain'), '')
    const beneath = join(folder, 'plain', 'status.json')
    await expect(writeAtomically(beneath, 'one')).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  test('a folder that cannot be created in an existing one is an error, at once', async () => {
    await expect(systemEdge.makeFolder('/proc/none/deep')).rejects.toThrow()
  })

  test('a folder that another process created meanwhile is no error', async () => {
    const deep = join(folder, 'a', 'b')
    await Promise.all(Array.from({ length: 8 }, () => systemEdge.makeFolder(deep)))
    expect(await readdir(join(folder, 'a'))).toEqual(['b'])
  })

  test('a removal that fails too does not hide the first error', async () => {
    const edge = edgeWith({
      rename: heldFor(1, 'EROFS'),
      remove: () => Promise.reject(fault('EIO')),
    })
    await expect(writeAtomically(path, 'new', edge)).rejects.toMatchObject({ code: 'EROFS' })
  })
})

describe('what a killed process left of a write', () => {
  const LONG_GONE = 4_194_303
  const leftOver = (name: string, processId: number) => `.${name}.${processId}-00ab00cd00ef0012.tmp`

  test('is removed by the next one that writes the file, and nothing else is', async () => {
    const names = [
      leftOver('status.json', LONG_GONE),
      leftOver('status.json', process.pid),
      // The name that older versions gave.
      `.status.json.${LONG_GONE}-7.tmp`,
      leftOver('status.json', process.ppid),
      leftOver('other.json', LONG_GONE),
      '.status.json.mine.tmp',
    ]
    for (const name of names) await writeFile(join(folder, name), 'half')
    await writeAtomically(path, 'whole')
    expect((await readdir(folder)).sort()).toEqual([...names.slice(3), 'status.json'].sort())
  })

  test('removes none of this process’s own, even when many writes begin at once', async () => {
    await writeFile(join(folder, leftOver('status.json', LONG_GONE)), 'half')
    await Promise.all(['1', '2', '3', '4'].map(text => writeAtomically(path, text)))
    expect(await readdir(folder)).toEqual(['status.json'])
  })
})
