// Words that misled readers of this project: each has a plain one. The check reads every text file of the repository, names
// and tests included, and fails on any of them. Run from the checkout: node .ci/check-words.mjs [folder or file …]
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Pattern, and what to write instead. The brackets keep this list from finding itself. */
const MISLEADING = [
  ['who[e]ver', 'name who it is: the client, the reader, the caller'],
  ['let[s]? go', 'release, drop, delete, free'],
  ['h[e]ld to', 'limited to, checked against'],
  ['g[o]ne over', 'passes over, read once, exceeded'],
  ['g[i]ven a rest', 'paused, temporarily unavailable'],
  ['t[a]kes? back', 'cancel, undo, revoke'],
  ['b[e]side', 'next to, compared with, in addition to'],
  ['m[e]nd(?:s|ed|ing)?', 'fix, repair'],
  ['t[o]ld', 'notified, sent, reported, configured'],
  ['s[a]id', 'sent, printed, reported, shown, answered'],
  ['st[a]nds', 'is, matches, covers, stays'],
]

/** Written by others or by a program, or recorded input. */
const NOT_OURS = [
  /^package-lock\.json$/,
  /^LICENSE$/,
  /^test\/fixtures\//,
  /^data\//,
  /^bench\/archive\//,
  /\.(png|svg|ico|woff2)$/,
]

const word = new RegExp(`\\b(?:${MISLEADING.map(([pattern]) => pattern).join('|')})\\b`, 'gi')
const insteadOf = found =>
  MISLEADING.find(([pattern]) => new RegExp(`^${pattern}$`, 'i').test(found))?.[1] ?? ''

const files = execFileSync('git', ['ls-files', '-z', '--', ...process.argv.slice(2)], { encoding: 'utf8' })
  .split('\0')
  .filter(file => file !== '' && !NOT_OURS.some(pattern => pattern.test(file)))

let count = 0
for (const file of files) {
  const lines = readFileSync(file, 'utf8').split('\n')
  lines.forEach((line, index) => {
    for (const [found] of line.matchAll(word)) {
      count++
      process.stdout.write(`${file}:${index + 1}: "${found}": write ${insteadOf(found)}\n`)
    }
  })
}
if (count > 0) process.exitCode = 1
else process.stdout.write(`${files.length} files, none of the misleading words\n`)
