// Checks our rules and their test cases with Prometheus' own tool.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Outcome } from './report.js'
import type { RunTool } from './tool.js'

const FOLDER = 'deploy/prometheus'
const TIMEOUT_MS = 60_000

/** `promtool check rules` and `promtool test rules` on all files. Throws when promtool is not installed. */
export async function checkRules(root: string, run: RunTool): Promise<Outcome> {
  const files = (await readdir(join(root, FOLDER))).filter(name => name.endsWith('.yml')).sort()
  const tests = files.filter(name => name.endsWith('.test.yml'))
  const rules = files.filter(name => !name.endsWith('.test.yml'))
  if (rules.length === 0 || tests.length === 0) throw new Error(`${FOLDER} has no rules or no test cases`)
  const promtool = async (...args: string[]): Promise<string | null> => {
    const { code, out, err } = await run({
      command: 'promtool',
      args,
      cwd: join(root, FOLDER),
      timeoutMs: TIMEOUT_MS,
      missing: 'promtool is not installed (Debian: apt-get install prometheus)',
    })
    return code === 0 ? null : `promtool ${args.slice(0, 2).join(' ')}: ${oneLine(`${out} ${err}`)}`
  }
  const complaint =
    (await promtool('check', 'rules', ...rules)) ?? (await promtool('test', 'rules', ...tests))
  if (complaint !== null) return { ok: false, detail: complaint }
  return { ok: true, detail: `${rules.join(', ')} with the test cases of ${tests.join(', ')}` }
}

const MAX_CHARS = 600
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_CHARS)
