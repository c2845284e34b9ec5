import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emulator, feed, screenLines, visibleCells } from '../../../../test/terminal/support/emulator.js'
import { anyText } from '../../../../test/terminal/support/panels.js'
import { type Frame, frameOf } from '../draw/frame.js'
import { fitLine, type Line, type Role, run } from '../draw/run.js'
import { frameDiff, type Pen, wholeFrame } from './frame-diff.js'
import { looksOf } from './sgr.js'

const SIZE = { width: 60, height: 6 }
const PEN: Pen = { looks: looksOf('dark', 24), utf8: true }
const ROLES: readonly Role[] = [
  'text',
  'label',
  'ok',
  'warn',
  'error',
  'rule',
  'attention',
  'failing',
  'input',
]

const anyLine: fc.Arbitrary<Line> = fc
  .array(fc.tuple(anyText, fc.constantFrom(...ROLES)), { maxLength: 6 })
  .map(parts =>
    fitLine(
      parts.map(([text, role]) => run(text, role)),
      SIZE.width,
    ),
  )

const anyFrame = fc.array(anyLine, { maxLength: SIZE.height }).map(lines => frameOf(SIZE, lines))

/** Mostly the same as `frame`: some lines replaced. */
function nearly(frame: Frame): fc.Arbitrary<Frame> {
  return fc
    .array(fc.option(anyLine, { nil: null, freq: 2 }), { minLength: SIZE.height, maxLength: SIZE.height })
    .map(lines =>
      frameOf(
        SIZE,
        frame.lines.map((line, i) => lines[i] ?? line),
      ),
    )
}

const framePair = anyFrame.chain(before => fc.tuple(fc.constant(before), nearly(before)))

async function shown(...output: readonly string[]): Promise<string[]> {
  const terminal = emulator(SIZE.width, SIZE.height)
  await feed(terminal, '\u001b[?7l')
  for (const text of output) await feed(terminal, text)
  const cells = visibleCells(terminal)
  terminal.dispose()
  return cells
}

const oneLine = (...parts: readonly (readonly [string, Role])[]): Frame =>
  frameOf(SIZE, [
    fitLine(
      parts.map(([text, role]) => run(text, role)),
      SIZE.width,
    ),
  ])

describe('the output from one frame to the next', () => {
  test('gives the same screen as the whole new frame, cell by cell', async () => {
    await fc.assert(
      fc.asyncProperty(framePair, async ([before, after]) => {
        const stepped = await shown(wholeFrame(before, PEN), frameDiff(before, after, PEN))
        expect(stepped).toEqual(await shown(wholeFrame(after, PEN)))
      }),
      { numRuns: 300 },
    )
  })

  test('is empty when the frames are equal', () => {
    fc.assert(
      fc.property(anyFrame, frame => {
        const again = { ...frame, lines: frame.lines.map(line => line.map(part => ({ ...part }))) }
        expect(frameDiff(frame, again, PEN)).toBe('')
      }),
    )
  })

  test('is only the characters that differ when a number changes', () => {
    const before = oneLine(['cycle ', 'label'], ['1041', 'text'])
    const after = oneLine(['cycle ', 'label'], ['1042', 'text'])
    expect(frameDiff(before, after, PEN)).toBe('\u001b[1;10H2')
  })

  test('jumps over columns that stay, but not over a few of them', () => {
    const far = frameDiff(
      oneLine(['a', 'ok'], ['................', 'text'], ['b', 'ok']),
      oneLine(['A', 'ok'], ['................', 'text'], ['B', 'ok']),
      PEN,
    )
    const near = frameDiff(
      oneLine(['a', 'ok'], ['....', 'text'], ['b', 'ok']),
      oneLine(['A', 'ok'], ['....', 'text'], ['B', 'ok']),
      PEN,
    )
    expect(far.split('H')).toHaveLength(3)
    expect(near.split('H')).toHaveLength(2)
  })

  test('resets the look at its end', () => {
    const output = frameDiff(oneLine(['a', 'ok']), oneLine(['b', 'ok']), PEN)
    expect(output.endsWith('\u001b[m')).toBe(true)
  })

  test('places the text after an emoji in its column, also on a terminal that counts the emoji as one', async () => {
    const frame = oneLine(['a 👩‍👩‍👧 b ', 'text'], ['│', 'rule'])
    const terminal = emulator(SIZE.width, SIZE.height)
    await feed(terminal, wholeFrame(oneLine(['old old old old', 'text']), PEN))
    await feed(terminal, frameDiff(oneLine(['old old old old', 'text']), frame, PEN))
    const line = terminal.buffer.active.getLine(0)
    expect(line?.getCell(7)?.getChars()).toBe('│')
    terminal.dispose()
  })

  test('is right where a run with wide characters changes at its end', async () => {
    const [before, after] = [oneLine(['日本語 ✅ 1', 'text']), oneLine(['日本語 ✅ 2', 'text'])]
    const stepped = await shown(wholeFrame(before, PEN), frameDiff(before, after, PEN))
    expect(stepped).toEqual(await shown(wholeFrame(after, PEN)))
  })

  test('shows blanks with a background', async () => {
    const frame = oneLine(['a', 'text'], ['   ', 'attention'], ['b', 'text'], ['  ', 'text'])
    const terminal = emulator(SIZE.width, SIZE.height)
    await feed(terminal, wholeFrame(frame, PEN))
    const inverse = [0, 1, 2, 3, 4, 5].map(
      x => terminal.buffer.active.getLine(0)?.getCell(x)?.isInverse() !== 0,
    )
    expect(inverse).toEqual([false, true, true, true, false, false])
    terminal.dispose()
  })

  test('is ASCII without UTF-8, with every column where it was', async () => {
    const frame = oneLine(
      ['─ ■ Titel ü ▲ ━', 'rule'],
      ['日本', 'text'],
      ['…×—·', 'text'],
      ['▁▃▅█╌−', 'trend'],
    )
    const output = wholeFrame(frame, { ...PEN, utf8: false })
    const terminal = emulator(SIZE.width, SIZE.height)
    await feed(terminal, output)
    expect([...output].every(char => char.charCodeAt(0) < 127)).toBe(true)
    expect(screenLines(terminal)[0]).toBe('- x Titel u ! =????~x--_-=#.-')
    terminal.dispose()
  })
})
