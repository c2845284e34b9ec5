// `g6 dashboard` in a real pty: what it shows, how little it sends, and what every key does.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { CLI, endAllScreens, g6Screen, type PtyOptions, PtyScreen } from './support/pty.js'
import { removeStatusFiles, StatusFile } from './support/status-file.js'

afterEach(async () => {
  await endAllScreens()
  removeStatusFiles()
})

async function started(
  options: PtyOptions & { readonly args?: readonly string[] } = {},
): Promise<{ screen: PtyScreen; status: StatusFile }> {
  const status = new StatusFile()
  const screen = g6Screen([...status.args, ...(options.args ?? [])], { cwd: status.folder, ...options })
  await screen.shows('board 1')
  return { screen, status }
}

// Built from text, so that the pattern has no control character.
const CSI = '\u001b\\['
const CURSOR_MOVES = new RegExp(`${CSI}(\\d+);\\d+H`, 'g')
const LOOKS = new RegExp(`${CSI}([\\d;]*)m`, 'g')

/** Rows, from 0, that were written to. */
function rowsWritten(raw: string): Set<number> {
  return new Set([...raw.matchAll(CURSOR_MOVES)].map(match => Number(match[1]) - 1))
}

describe('the dashboard', () => {
  test('shows every panel and both bars on the alternate screen', async () => {
    const { screen } = await started({ cols: 200, rows: 60 })
    for (const word of [
      'Overview',
      'Cycle',
      'Indices',
      'Analytics',
      'Alerts',
      'Resources',
      'Storage',
      'Links',
    ])
      expect(screen.text).toContain(word)
    expect(screen.lines[0]).toMatch(
      /^ ■ FAILING {2}.* market open · source \d+ s ago · live · \d\d:\d\d:\d\d \w+$/,
    )
    expect(screen.lines[59]).toMatch(/q quit.*status\.json · G6 .*prod · board \d+/)
    expect(screen.terminal.buffer.active.type).toBe('alternate')
  })

  test('rewrites only the lines of the panel that changed', async () => {
    const { screen, status } = await started({ cols: 200, rows: 60 })
    const top = screen.lines.findIndex(line => line.includes('─ Analytics '))
    const column = screen.lines[top]?.indexOf('─ Analytics ') ?? -1
    const below = screen.lines.findIndex((line, y) => y > top && line.slice(column, column + 3).trim() === '')
    const before = screen.raw.length
    status.change({
      analytics: { pcr: 1.37, max_pain: { NIFTY: 24_600, BANKNIFTY: 52_100, SENSEX: 80_100 } },
    })
    await screen.shows('1.37')
    // Whole frames; those of the clock, of which a busy machine sees more, have two rows.
    const frames = screen.raw
      .slice(before)
      .split('\u001b[?2026h')
      .filter(frame => frame.includes('\u001b[?2026l'))
    for (const row of frames.flatMap(frame => [...rowsWritten(frame)])) {
      expect(row === 0 || row === 59 || row === 1 || (row > top && row < below)).toBe(true)
    }
    const changed = frames.filter(frame => frame.includes('1.37'))
    expect(changed).toHaveLength(1)
    expect(Buffer.byteLength(changed.join())).toBeLessThan(2_048)
  })

  test('says what is wrong with the status, and shows the last good one', async () => {
    const { screen, status } = await started()
    status.writeText('{"half": ')
    await screen.shows('not json')
    expect(screen.text).toContain('BANKNIFTY')
    expect(screen.text).toContain('no longer judged')
    status.change({})
    await screen.shows('s ago · live')
  })

  test('waits for a missing status, and says why', async () => {
    const status = new StatusFile(null)
    const screen = g6Screen(status.args, { cwd: status.folder })
    await screen.shows('there is no such file')
    expect(screen.text).toContain('waiting for')
    status.change({})
    await screen.shows('BANKNIFTY')
  })

  test('follows the size of the terminal, down to 80×24, below it, and up', async () => {
    const { screen } = await started({ cols: 200, rows: 60 })
    screen.resize(80, 24)
    const fits = () => /^ {2}(Well|Links) .*$/m.test(screen.text) && /q quit/.test(screen.lines[23] ?? '')
    await screen.until(fits, 'it fits 80×24')
    expect(screen.lines[0]).toMatch(/^ ■ FAILING /)
    screen.resize(30, 5)
    await screen.shows('too small')
    screen.resize(400, 120)
    await screen.until(() => screen.lines[119]?.includes('q quit') ?? false, 'it fits 400×120')
    expect(Math.max(...screen.lines.map(line => line.length))).toBeLessThanOrEqual(400)
  })

  test('shows the curated blocks on a short terminal without a setting, and with the setting anywhere', async () => {
    const { screen } = await started({ cols: 100, rows: 20 })
    await screen.shows('Data quality')
    const titles = screen.lines.flatMap(line => /^─ (?:[■▲] )?([A-Z]\w+)/.exec(line)?.[1] ?? [])
    expect(titles.slice(0, 2)).toEqual(['Alerts', 'Indices'])
    screen.resize(100, 8)
    await screen.until(
      () => /^ ■ FAILING/.test(screen.lines[0] ?? '') && /q quit/.test(screen.lines[7] ?? ''),
      'eight lines are drawn',
    )
    // An alert of the fixture is critical, so alerts stay, and so do header and cycle.
    for (const title of ['Overview', 'Cycle', 'Alerts']) expect(screen.text).toContain(title)
    const asked = await started({ rows: 50, env: { G6_SUMMARY_CURATED_MODE: '1' } })
    await asked.screen.shows('Data quality')
  })
})

describe('keys', () => {
  test('tab and arrows move the focus, enter opens a panel, and escape goes back', async () => {
    const { screen } = await started({ cols: 120, rows: 40 })
    screen.type('\t')
    await screen.until(text => /━ ■ Alerts ━/.test(text), 'the alerts have the focus')
    screen.type('\u001b[B')
    await screen.until(text => /━ ■ Indices ━/.test(text), 'the indices have the focus')
    screen.type('\u001b[C')
    await screen.until(
      text => !/━ ■ Indices ━/.test(text) && text.includes('━━━━━━━━━━'),
      'the right column has the focus',
    )
    screen.type('\u001b[Z')
    await screen.until(text => text.includes('━━━━━━━━━━'), 'another has the focus')
    screen.type('\r')
    await screen.until(
      text => text.split('━━━━━━━━━━').length > 9 && text.includes('esc back'),
      'one panel fills the screen',
    )
    screen.type('\u001b')
    await screen.until(text => text.includes('Indices') && text.includes('Overview'), 'all panels are back')
  })

  test('arrows, pages and the wheel scroll', async () => {
    const status = new StatusFile(null)
    const names = Array.from({ length: 60 }, (_, i) => `X${100 + i}`)
    status.change({ indices: Object.fromEntries(names.map(name => [name, { ltp: 1 }])), indices_detail: {} })
    const screen = g6Screen(status.args, { cwd: status.folder, cols: 80, rows: 30 })
    await screen.shows('X100')
    for (const title of ['Alerts', 'Performance', 'Indices']) {
      screen.type('\t')
      await screen.until(text => new RegExp(`━ (■ )?${title} ━`).test(text), `${title} has the focus`)
    }
    screen.type('\r')
    await screen.shows('esc back')
    screen.type('\u001b[B\u001b[B')
    await screen.shows('3–')
    screen.type('\u001b[<65;10;10M')
    await screen.shows('6–')
    screen.type('\u001b[F')
    await screen.shows('X159')
    screen.type('\u001b[H')
    await screen.shows('X100')
    screen.type('\u001b[6~')
    await screen.hides('X100')
  })

  test('/ shows only lines that contain a text, live, until escape', async () => {
    const { screen } = await started()
    screen.type('/sen')
    await screen.shows('/sen▏')
    await screen.hides('FINNIFTY ')
    expect(screen.text).toContain('SENSEX')
    screen.type('\r')
    await screen.shows('filter: sen')
    screen.type('\u001b')
    await screen.shows('Analytics')
  })

  test('p freezes the panels while the loop goes on, and says how far behind they are', async () => {
    const { screen, status } = await started()
    screen.type('p')
    await screen.shows('paused')
    status.change({ storage: { lag: 77.7 } })
    await screen.shows('paused, 1 update behind')
    status.change({ storage: { lag: 88.8 }, analytics: { pcr: 3.21 } })
    await screen.shows('paused, 2 updates behind')
    expect(screen.text).not.toContain('3.21')
    screen.type(' ')
    await screen.shows('3.21')
    expect(screen.text).not.toContain('paused')
  })

  test('r reads now, t changes the theme, ? shows the keys', async () => {
    const { screen } = await started()
    screen.type('r')
    await screen.shows('reading the status now')
    const before = screen.raw.length
    screen.type('t')
    await screen.until(
      () => screen.raw.slice(before).includes('\u001b[2J'),
      'everything is drawn in other colours',
    )
    screen.type('?')
    await screen.shows('ctrl+z')
    screen.type('q')
    await screen.hides('ctrl+z')
    expect(screen.text).toContain('Indices')
  })

  test('w writes the text of the screen without borders, and says where', async () => {
    const { screen, status } = await started()
    screen.type('w')
    await screen.shows('text is in g6-dashboard-')
    const name = readdirSync(status.folder).find(file => file.startsWith('g6-dashboard-'))
    const text = readFileSync(join(status.folder, name ?? ''), 'utf8')
    expect(text).toContain('[Indices]\ncount: 4\n')
    expect(text).not.toMatch(/[│─╭]/)
  })

  test('pasted text does not act as keys', async () => {
    const { screen } = await started()
    screen.type('\u001b[200~q?p\u001b[201~t?')
    await screen.shows('ctrl+z')
    expect(screen.text).not.toContain('paused')
  })
})

describe('terminals with fewer features', () => {
  const colours = (raw: string): string[] =>
    [...raw.matchAll(LOOKS)].flatMap(match => (match[1] ?? '').split(';')).filter(code => Number(code) >= 30)

  test('with 16 colours get only those', async () => {
    const { screen } = await started({ env: { TERM: 'xterm' } })
    expect(colours(screen.raw).length).toBeGreaterThan(0)
    for (const code of colours(screen.raw)) expect(code).toMatch(/^(3[0-7]|9[0-7])$/)
  })

  test('with 256 or all colours get theirs', async () => {
    expect((await started()).screen.raw).toContain('38;5;')
    expect((await started({ env: { COLORTERM: 'truecolor' } })).screen.raw).toContain('38;2;')
  })

  test('get no colour with NO_COLOR, and every tone has its mark', async () => {
    const { screen } = await started({ env: { NO_COLOR: '1' } })
    expect(colours(screen.raw)).toEqual([])
    expect(screen.text).toMatch(/^▲ BANKNIFTY .* 78\.50/m)
    expect(screen.text).toMatch(/^■ SENSEX .* 64\.20/m)
  })

  test('get colours with FORCE_COLOR whatever other settings say', async () => {
    const { screen } = await started({ env: { NO_COLOR: '1', FORCE_COLOR: '3' } })
    expect(screen.raw).toContain('38;2;')
  })

  test('without UTF-8 get ASCII only', async () => {
    const { screen } = await started({ env: { LANG: 'C', LC_ALL: 'POSIX' } })
    expect([...screen.raw].filter(char => char.charCodeAt(0) > 126)).toEqual([])
    expect(screen.text).toContain('- x Indices -')
    expect(screen.text).toMatch(/^x SENSEX .* 64\.20/m)
    expect(screen.lines[0]).toMatch(/^ x FAILING /)
  })

  test('that are dumb get plain text, as with --no-rich', async () => {
    const dumb = await startedPlain({ TERM: 'dumb' }, ['--max-seconds', '1'])
    expect(dumb).toContain('[Overview]')
    expect(dumb).not.toContain('\u001b')
    expect(await startedPlain({}, ['--no-rich', '--max-seconds', '1'])).not.toContain('\u001b')
  })

  test('get plain text too for a single cycle, since a screen would vanish at once', async () => {
    expect(await startedPlain({}, ['--cycles', '1'])).toMatch(/^\[Status\]\r?\n\w+[^[]*\[Overview\]/)
  })

  async function startedPlain(
    env: Readonly<Record<string, string>>,
    more: readonly string[],
  ): Promise<string> {
    const status = new StatusFile()
    const command = [process.execPath, CLI, ...status.args, ...more]
    const script = `${command.map(word => `'${word}'`).join(' ')}; echo done; read _`
    const screen = new PtyScreen('sh', ['-c', script], { env, cwd: status.folder, rows: 200 })
    await screen.shows('done')
    return screen.raw
  }

  test('keep every column straight next to wide characters, emoji and combining marks', async () => {
    const status = new StatusFile(null)
    const messages = ['日本語の警告です', 'disk ✅ full 👩‍👩‍👧', 'cafe\u0301 au lait', '한국어 경고', 'नमस्ते']
    status.change({
      alerts: messages.map((message, i) => ({
        time: `2025-10-21T05:09:5${i}Z`,
        level: 'warn',
        component: '成分',
        message,
      })),
    })
    const screen = g6Screen(status.args, { cwd: status.folder, cols: 120, rows: 40 })
    await screen.shows('日本語の警告です')
    for (const message of ['cafe\u0301 au lait', '한국어 경고']) expect(screen.text).toContain(message)
    const { active } = screen.terminal.buffer
    const cell = (x: number, y: number): string => active.getLine(y)?.getCell(x)?.getChars() ?? ''
    const rows = screen.lines.flatMap((line, y) => (/Oct 2025 10:39:5\d {2}/.test(line) ? [y] : []))
    expect(rows).toHaveLength(messages.length)
    // The column on the right begins where it does next to any other row.
    for (const y of rows) {
      expect(cell(0, y)).toBe('▲')
      for (const x of [69, 70, 71, 72]) expect(cell(x, y).trim()).toBe('')
    }
  })
})
