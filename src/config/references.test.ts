import { describe, expect, test } from 'vitest'
import { ALLOWED_PATHS, referencesText, referencesTo } from './references.js'

const file = (path: string, ...lines: string[]) => ({ path, text: lines.join('\n') })
const found = (names: string[], ...files: { path: string; text: string }[]) =>
  referencesTo(names, files).map(({ name, path, line }) => `${path}:${line} ${name}`)

describe('live references', () => {
  test('are found in code and docs, with file and line, each one', () => {
    const code = file('src/a.ts', 'x', "  env.OLD_NAME ?? process.env['OTHER'] // OLD_NAME")
    const docs = file('docs/a.md', '`OLD_NAME=1`')
    expect(found(['OLD_NAME', 'OTHER'], code, docs)).toEqual([
      'src/a.ts:2 OLD_NAME',
      'src/a.ts:2 OTHER',
      'src/a.ts:2 OLD_NAME',
      'docs/a.md:1 OLD_NAME',
    ])
  })

  test('are whole names only', () => {
    const code = file('a.ts', 'OLD_NAME_MORE', 'MY_OLD_NAME', 'OLD_NAME2', 'old_name', 'xOLD_NAME')
    expect(found(['OLD_NAME'], code)).toEqual([])
    expect(found(['OLD_NAME', 'OLD_NAME_MORE'], file('a.ts', 'OLD_NAME_MORE'))).toEqual([
      'a.ts:1 OLD_NAME_MORE',
    ])
    expect(found(['OLD'], file('a', 'OLD', '$OLD', '-OLD-', '"OLD"', '{OLD}'))).toHaveLength(5)
  })

  test('are not those in the table that warns, its page and the changelog', () => {
    for (const path of ALLOWED_PATHS) expect(found(['OLD'], file(path, 'OLD'))).toEqual([])
    expect(found(['OLD'], file('other/CHANGELOG.md', 'OLD'))).toEqual(['other/CHANGELOG.md:1 OLD'])
    expect(found(['OLD'], file('src/config/resolve.ts', 'OLD'))).toHaveLength(1)
  })

  test('are not those in historical sections of docs; code has no history', () => {
    const lines = ['OLD', '# History', 'OLD', '# Now', 'OLD']
    expect(found(['OLD'], file('docs/a.md', ...lines))).toEqual(['docs/a.md:1 OLD', 'docs/a.md:5 OLD'])
    expect(found(['OLD'], file('a.py', ...lines))).toHaveLength(3)
  })

  test('of no names are none; a text that is not a name is refused', () => {
    expect(found([], file('a', 'OLD'))).toEqual([])
    expect(() => found(['OLD.*'], file('a', 'OLD'))).toThrow('OLD.* is not a name')
  })

  test('show their line, shortened', () => {
    const [reference] = referencesTo(['OLD'], [file('a', `   OLD ${'x'.repeat(500)}`)])
    expect(reference?.text).toMatch(/^OLD x{156}$/)
  })
})

test('the text names the place, or says that there is none', () => {
  const findings = referencesTo(['OLD'], [file('a.ts', 'x = OLD')])
  expect(referencesText({ names: ['OLD'], files: 1, findings })).toBe('a.ts:1: OLD: x = OLD\n')
  expect(referencesText({ names: ['OLD'], files: 7, findings: [] })).toBe(
    'no live reference to any of 1 names in 7 files\n',
  )
})
