import { expect, test } from 'vitest'
import { LinesOut, type LineTarget } from './lines-out.js'

/** Accepts or refuses lines as the test decides, and answers when the test calls. */
function target() {
  const lines: string[] = []
  const answers: ((error?: Error) => void)[] = []
  const listeners: unknown[] = []
  const to: LineTarget = {
    write: (line, written) => {
      lines.push(String(line))
      answers.push(written)
    },
    on: (_, listener) => listeners.push(listener),
  }
  const answer = (error?: Error): void => {
    for (const each of answers.splice(0)) each(error)
  }
  return { out: new LinesOut(to), lines, listeners, answer }
}
const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })

test('lines go out at once and unchanged, also while earlier ones are pending', () => {
  const { out, lines, listeners } = target()
  out.write('one\n')
  out.write('two\n')
  expect(lines).toEqual(['one\n', 'two\n'])
  // A stream error without a listener would end the program.
  expect(listeners).toHaveLength(1)
})

test('lost lines are counted, and reported once when writing works again', () => {
  const { out, lines, answer } = target()
  out.write('lost 1\n')
  out.write('lost 2\n')
  answer(full)
  expect(lines).toHaveLength(2)
  out.write('through\n')
  answer()
  expect(lines).toHaveLength(4)
  expect(JSON.parse(lines[3] ?? '')).toMatchObject({
    level: 40,
    lost: 2,
    code: 'ENOSPC',
    msg: 'log lines could not be written and are lost',
  })
  answer()
  out.write('more\n')
  answer()
  expect(lines.slice(4)).toEqual(['more\n'])
})

test('the report of lost lines may be lost too, and counts like any other line', () => {
  const { out, lines, answer } = target()
  out.write('lost\n')
  answer(new Error('gone'))
  out.write('through\n')
  answer()
  answer(full)
  out.write('through\n')
  answer()
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ lost: 1, code: 'Error' })
  expect(JSON.parse(lines[4] ?? '')).toMatchObject({ lost: 1, code: 'ENOSPC' })
})
