import { describe, expect, test } from 'vitest'
import { HttpError } from '../contract/errors.js'
import { panelSubset, streamForm } from './queries.js'

const KNOWN = new Set(['header', 'indices', 'alerts'])

/** The text of a refusal. */
function refusalOf(text: string, known: ReadonlySet<string> = KNOWN): HttpError {
  try {
    panelSubset(text, known)
  } catch (error) {
    if (error instanceof HttpError) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('a list of panels', () => {
  test('is sorted and unique; none is all of them', () => {
    expect(panelSubset(undefined, KNOWN)).toBeNull()
    expect(panelSubset('indices, alerts,indices', KNOWN)).toEqual(['alerts', 'indices'])
  })

  test('with unknown names is refused, which names few of them, short and printable', () => {
    expect(refusalOf('x').detail).toBe('"x" is not a panel; allowed: header, indices, alerts')
    expect(refusalOf('a,b,c,d,e,f,g').detail).toMatch(/^"a", "b", "c", "d", "e" and 2 more are not panels;/)
    expect(refusalOf('y'.repeat(900)).detail).toContain(`"${'y'.repeat(40)}" is not a panel`)
    expect(refusalOf('\u001b[2Jz').detail).toContain('"?[2Jz"')
  })

  test('with an empty name is refused; before the panels are known, the client must come back', () => {
    expect(refusalOf('header,').detail).toContain('panels has an empty name')
    expect(refusalOf('header', new Set())).toMatchObject({
      code: 'starting',
      headers: { 'Retry-After': '1' },
    })
  })
})

test.each([
  [{}, false, { view: 'lines', mode: 'lines' }],
  [{}, true, { view: 'lines', mode: 'structured' }],
  [{ structured: '0' }, true, { view: 'lines', mode: 'lines' }],
  [{ structured: '1' }, false, { view: 'lines', mode: 'structured' }],
  [{ structured: '1', view: 'blocks' }, true, { view: 'blocks', mode: 'lines' }],
] as const)('the stream of %j where structured is %s has the form %j', (query, isStructured, form) => {
  expect(streamForm(query, isStructured)).toEqual(form)
})
