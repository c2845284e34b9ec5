// Makes docs/images/dashboard.svg: the screen of the real dashboard in a real pty, with data of the simulator.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { CLI } from '../../../bench/own-server.js'
import { startPictureSource } from '../web/picture-source.js'
import { svgOf } from './svg.js'

const SIZE = { cols: 160, rows: 44 }
const STATUS_FILE = 'data/runtime_status.json'
const LOOK_AFTER_MS = 12_000
const LIMIT_BYTES = 200_000

async function screenOf(folder: string): Promise<InstanceType<typeof xterm.Terminal>> {
  const terminal = new xterm.Terminal({ ...SIZE, allowProposedApi: true })
  const env = {
    PATH: process.env.PATH ?? '',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    LANG: 'C.UTF-8',
  }
  const args = [CLI, 'dashboard', '--serve', '--status-file', STATUS_FILE, '--no-write-panels']
  const child = spawn(process.execPath, args, { ...SIZE, name: env.TERM, cwd: folder, env })
  const ended = new Promise<void>(resolve => child.onExit(() => resolve()))
  const reading = child.onData(data => terminal.write(data))
  await wait(LOOK_AFTER_MS)
  reading.dispose()
  await new Promise<void>(resolve => terminal.write('', resolve))
  if (terminal.buffer.active.type !== 'alternate') {
    throw new Error(
      `the dashboard did not start: ${terminal.buffer.active.getLine(0)?.translateToString(true)}`,
    )
  }
  child.write('q')
  await ended
  return terminal
}

async function main(path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'g6-picture-'))
  const stopSource = startPictureSource(join(folder, STATUS_FILE), 0.5)
  try {
    const svg = svgOf(await screenOf(folder), 'The G6 Stream dashboard in a terminal')
    if (Buffer.byteLength(svg) > LIMIT_BYTES)
      throw new Error(`the picture has ${svg.length} bytes, the limit is ${LIMIT_BYTES}`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, svg)
    console.log(`${path}: ${svg.length} bytes`)
  } finally {
    await stopSource()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv[2] ?? 'docs/images/dashboard.svg')
