import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compiledFile } from './board-file.js'
import { loadSettings } from './load-settings.js'
import { allRules } from './notify-rules.js'

const BOARD = `
[[notify]]
when = "status != 'green'"
send = [{ webhook = { file = "/elsewhere" } }]

[[notify]]
name = "silent"
when = { silence = "5m" }
send = [{ exec = ["/usr/bin/page"] }]
`

function rulesOf(text: string) {
  const read = compiledFile('board.toml', text, 'toml')
  if (!read.ok) throw new Error(read.findings.map(({ message }) => message).join('; '))
  return read.rules
}

describe('the rules of a board file', () => {
  test('are those of [[notify]], with names of their own', () => {
    expect(rulesOf(BOARD).map(({ name }) => name)).toEqual(['board-1', 'silent'])
    expect(rulesOf('title = "no rules"')).toEqual([])
  })

  test.each([
    ['[[notify]]\nwhen = "a ="\nsend = [{ exec = ["a"] }]', 'when: it ends too early'],
    ['[[notify]]\nwhen = "a"\nsend = [{ webhook = "a" }]', 'allowed: a URL beginning with http'],
    ['[[notify]]\nwhen = "a"\nsend = [{ exec = ["a"] }]\nevery = "5s"', 'every'],
  ])('are refused with line and reason: %j', (text, message) => {
    const read = compiledFile('board.toml', text, 'toml')
    expect(read).toMatchObject({ ok: false, findings: [{ message: expect.stringContaining(message) }] })
    expect(read.findings[0]?.line).toBeGreaterThan(0)
  })

  test('run commands only where that is allowed and nobody else may write the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'g6-rules-'))
    try {
      const path = join(folder, 'board.toml')
      await writeFile(path, BOARD)
      const board = { path, rules: rulesOf(BOARD) }
      const given = { settings: [], board, allowExec: true }
      await chmod(path, 0o644)
      expect(allRules(given).map(({ name }) => name)).toEqual(['board-1', 'silent'])
      expect(() => allRules({ ...given, allowExec: false })).toThrow('G6_ALLOW_EXEC=1')
      await chmod(path, 0o666)
      expect(() => allRules(given)).toThrow('chmod go-w')
      const [, silent] = board.rules
      if (silent === undefined) throw new Error('no rule')
      expect(() => allRules({ ...given, settings: [silent] })).toThrow('the rule silent is in the settings')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

test('an expression of the settings that cannot be read is an error at start', () => {
  const env = { G6_NOTIFY: '[{"name":"x","when":"verdict = ","send":[{"exec":["a"]}]}]' }
  const result = loadSettings({ env })
  expect(result.ok ? [] : result.errors.map(({ message }) => message)).toEqual([
    'G6_NOTIFY (x): when: it ends too early: something is not closed or missing',
  ])
})
