// A build of the image needs a registry, so this test checks the container file without one: it builds from what it copies, runs
// as an ordinary user, writes only where it may, and its commands run.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.js'
import { endAll, g6 } from '../support/g6.js'

type Instruction = { readonly word: string; readonly rest: string }

const instructions: readonly Instruction[] = readFileSync('deploy/container/Containerfile', 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(line => line !== '')
  .map(line => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
const lastFrom = instructions.findLastIndex(({ word }) => word === 'FROM')
const image = instructions.slice(lastFrom)
const all = (word: string, of: readonly Instruction[] = image) =>
  of.filter(each => each.word === word).map(({ rest }) => rest)
const list = (text: string): readonly string[] => JSON.parse(text.slice(text.indexOf('[')))

const ignored = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
const isIgnored = (path: string): boolean =>
  ignored.some(pattern =>
    pattern.startsWith('**/')
      ? new RegExp(`(^|/)${pattern.slice(3).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path)
      : path === pattern || path.startsWith(`${pattern}/`),
  )

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-image-'))
})
afterEach(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

describe('the image', () => {
  test('is a small Node that the package supports, for building and for running', () => {
    expect(all('ARG', instructions)).toEqual([expect.stringMatching(/^NODE_IMAGE=.*\/node:(20|22|24)-slim$/)])
    expect(all('FROM', instructions)).toEqual([`\${NODE_IMAGE} AS build`, `\${NODE_IMAGE}`])
  })

  test('runs as a user without rights, and stops by signals', () => {
    expect(all('USER')).toEqual(['node'])
    expect(all('STOPSIGNAL')).toEqual(['SIGTERM'])
    const after = image.slice(image.findIndex(({ word }) => word === 'USER'))
    for (const word of ['RUN', 'COPY', 'ADD', 'USER root']) expect(all(word, after)).toEqual([])
    // The list form: no shell in between, so signals arrive.
    for (const word of ['ENTRYPOINT', 'CMD']) expect(all(word)).toEqual([expect.stringMatching(/^\["/)])
  })

  test('has no development dependency, and takes everything from the build', () => {
    expect(all('RUN', instructions).some(command => command.includes('npm prune --omit=dev'))).toBe(true)
    for (const copy of all('COPY')) expect(copy).toMatch(/^--from=build \/build\//)
    expect(all('RUN').some(command => command.includes('npm'))).toBe(false)
  })

  test('writes only in its volume, which is its working folder', () => {
    expect(all('VOLUME')).toEqual(['/var/lib/g6-stream'])
    expect(all('WORKDIR').at(-1)).toBe('/var/lib/g6-stream')
  })

  test('contains no secrets, data or local build output', () => {
    for (const path of [
      '.git/config',
      'node_modules/x/a.js',
      'dist/a.js',
      'data/x.json',
      'web/.env',
      'g6.toml',
    ]) {
      expect(isIgnored(path), path).toBe(true)
    }
  })
})

test('it builds from the copied files, and the program runs from the kept ones', () => {
  const [build, kept] = [join(folder, 'build'), join(folder, 'kept')]
  const paths = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  for (const path of paths.trim().split('\n')) {
    if (isIgnored(path) || !existsSync(path)) continue
    mkdirSync(dirname(join(build, path)), { recursive: true })
    cpSync(path, join(build, path))
  }
  symlinkSync(resolve('node_modules'), join(build, 'node_modules'))
  execFileSync('npm', ['run', 'build'], { cwd: build, stdio: 'pipe' })
  for (const copy of all('COPY')) {
    const [, ...parts] = copy.split(' ')
    const target = join(kept, parts.pop() ?? '')
    for (const path of parts) {
      const name = path.replace('/build/', '')
      cpSync(join(build, name), target.endsWith('/') ? join(target, name) : target, {
        recursive: true,
        verbatimSymlinks: true,
      })
    }
  }
  const [entry = ''] = list(all('ENTRYPOINT')[0] ?? '').slice(1)
  const main = entry.replace(`${all('WORKDIR')[0]}/`, '')
  const printed = execFileSync(process.execPath, [join(kept, main), 'demo', '--cycles', '1', '--port', '0'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(printed).toContain('Indices')
}, 600_000)

describe('its commands', () => {
  const env = Object.fromEntries(
    (all('ENV')[0] ?? '').split(' ').map(pair => pair.split('=').slice(0, 2)),
  ) as Record<string, string>
  const command = list(all('CMD')[0] ?? '')
  const health = list(all('HEALTHCHECK')[0]?.split(' CMD ')[1] ?? '')
  const status = resolve('test/fixtures/status-full.json')

  test('it does not start without a token: a container listens on every address', async () => {
    const { exit, output } = g6(command, { ...env, G6_UNIFIED_HTTP_PORT: '0' })
    expect(await exit).toBe(1)
    expect(output().err).toContain('G6_SSE_API_TOKEN')
  })

  test('with one it serves and is healthy; once stopped it is not', async () => {
    const port = String(await freePort())
    const running = g6([...command, '--panels-dir', join(folder, 'panels')], {
      ...env,
      G6_UNIFIED_HTTP_PORT: port,
      G6_SSE_API_TOKEN: 'token-of-this-test-0123456789',
      G6_STATUS_FILE: status,
    })
    await running.url()
    const check = (): void => {
      const [, ...args] = health
      execFileSync(process.execPath, args, { env: { G6_UNIFIED_HTTP_PORT: port }, stdio: 'pipe' })
    }
    check()
    running.signal(all('STOPSIGNAL')[0] as NodeJS.Signals)
    expect(await running.exit).toBe(0)
    expect(check).toThrow()
  })
})
