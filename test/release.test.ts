// `g6 check` on this very checkout: its report must be true, and it must notice faults.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { releaseChecks } from '../tools/release/checks.js'
import { type Report, runChecks } from '../tools/release/report.js'
import type { RunTool } from '../tools/release/tool.js'
import { endAll, g6 } from './support/g6.js'

afterEach(endAll)

/** Tools that accept everything: their own tests run where they are installed. */
const content: RunTool = async () => ({ code: 0, out: '', err: '' })
const readiness = (root: string): Promise<Report> =>
  runChecks(
    releaseChecks({ root, nowMs: Date.now(), skipBenchmarks: false, run: content }),
    performance.now.bind(performance),
  )

describe('g6 check flags', () => {
  test('finds no live reference to a retired name in code and docs', async () => {
    const { output, exit } = g6(['check', 'flags', '--json'])
    expect(await exit).toBe(0)
    const report = JSON.parse(output().out)
    expect(report).toMatchObject({ ok: true, findings: [] })
    expect(report.names.length).toBeGreaterThan(5)
    expect(report.files).toBeGreaterThan(500)
  })

  test('finds every place of a given name, and exits 1', async () => {
    const { output, exit } = g6(['check', 'flags', '--flag', 'G6_SSE_HTTP', '--flag', 'RETIRED'])
    expect(await exit).toBe(1)
    const { out } = output()
    expect(out).toMatch(/^src\/config\/groups\/http\.ts:\d+: G6_SSE_HTTP: /m)
    expect(out).toMatch(/^src\/config\/known-names\.ts:\d+: RETIRED: /m)
    // Whole names only, and not where retired names belong.
    for (const line of out.trim().split('\n')) expect(line).toMatch(/: (G6_SSE_HTTP|RETIRED): .*\b\1\b/)
    expect(out).not.toMatch(/^src\/config\/retired\.ts/m)
  })

  test('refuses an invalid name', async () => {
    const { output, exit } = g6(['check', 'flags', '--flag', 'a.*b'])
    expect(await exit).toBe(1)
    expect(output().err).toContain('allowed: letters, digits and _')
  })
})

describe('g6 check release', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'g6-release-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  test('passes for this checkout', async () => {
    const { checks } = await readiness('.')
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    for (const check of checks) expect(check.ms).toBeGreaterThanOrEqual(0)
  })

  test('finds each fault of a checkout by the check that is for it', async () => {
    for (const path of [
      'docs',
      'deploy',
      'src',
      'clients/python/pyproject.toml',
      'README.md',
      'CHANGELOG.md',
      'package.json',
      'package-lock.json',
      'dist/program/g6.js',
    ]) {
      cpSync(path, join(root, path), { recursive: true })
    }
    const change = (path: string, from: string | RegExp, to: string): void => {
      const before = readFileSync(join(root, path), 'utf8')
      const after = before.replace(from, to)
      expect(after, path).not.toBe(before)
      writeFileSync(join(root, path), after)
    }
    expect(await readiness(root)).toMatchObject({ ok: true })

    change('docs/reference/metrics.md', '`g6_chat_tokens_total`', '`g6_chat_words_total`')
    change('docs/chat.md', /$/, '`g6_chat_words_total`, `G6_CHAT_WORDS`\n')
    change('deploy/grafana/g6-stream.json', 'g6_status_age_seconds', 'g6_status_years')
    change('docs/reference/settings.md', '`G6_SSE_GZIP`', '`G6_SSE_ZIP`')
    change('README.md', /$/, `${'G6_SUMMARY'}_REWRITE=1\n`)
    change('CHANGELOG.md', /^## .*$/m, '## 99.0.0')
    const { ok, checks } = await readiness(root)
    expect(ok).toBe(false)
    const reports = Object.fromEntries(
      checks.filter(check => !check.ok).map(({ name, detail }) => [name, detail]),
    )
    expect(reports).toEqual({
      metrics:
        'g6_chat_tokens_total is registered and not documented; g6_chat_words_total is documented and not registered',
      'metrics in docs and rules': expect.stringMatching(
        /^deploy\/grafana\/.* g6_status_years.*; docs\/chat\.md:\d+ names g6_chat_words_total, which is not a metric$/,
      ),
      dashboard: expect.stringContaining('names g6_status_years, which is not a metric'),
      settings: 'G6_SSE_GZIP has no row',
      'settings in docs': expect.stringContaining('names G6_CHAT_WORDS, which is not a setting'),
      'retired names': expect.stringMatching(/^README\.md:\d+ uses G6_SUMMARY/),
      'docs and event schemas': expect.stringContaining('docs/reference/metrics.md is stale'),
      version: expect.stringContaining('first heading of CHANGELOG.md says 99.0.0'),
    })
  })

  test('a checkout without its parts is not ready, and the report says what could not run', async () => {
    const { checks } = await readiness(root)
    expect(checks.filter(({ ok }) => ok)).toEqual([])
    expect(checks.filter(({ detail }) => !/^could not run: |is stale/.test(detail))).toEqual([])
  })
})
