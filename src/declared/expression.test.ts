import { search } from '@jmespath-community/jmespath'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOARD_STEPS, Budget } from './budget.js'
import { compileExpression, Failure } from './expression.js'

type Evaluated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

function evaluate(
  text: string,
  value: unknown,
  more: { key?: string; document?: unknown; steps?: number } = {},
): Evaluated {
  const compiled = compileExpression(text)
  if (!compiled.ok) return compiled
  const { key = null, document = value, steps } = more
  const found = compiled.expression.read(value, { budget: new Budget(steps), document, key })
  return found instanceof Failure ? { ok: false, message: found.message } : { ok: true, value: found }
}

const valued = (text: string, value: unknown, more = {}): unknown => {
  const result = evaluate(text, value, more)
  return result.ok ? result.value : `! ${result.message}`
}
const messageOf = (text: string, value: unknown = {}): string => {
  const result = evaluate(text, value)
  return result.ok ? `no fault: ${JSON.stringify(result.value)}` : result.message
}

const DOCUMENT = {
  name: 'a',
  n: 3,
  tasks: [
    { id: 1, state: 'RUNNING', tags: ['x'], cost: 2 },
    { id: 2, state: 'FAILED', tags: ['y', 'z'], cost: 1.5 },
    { id: 3, state: 'FAILED', tags: [], cost: 7 },
  ],
  map: { a: { v: 1 }, b: { v: 2 } },
  empty: { list: [], map: {}, text: '', no: null, off: false, zero: 0 },
}

describe('an expression means what the library means', () => {
  const PARTS = [
    'name',
    'n',
    'tasks',
    'map',
    'empty',
    'nothing',
    '@',
    '$',
    'id',
    'state',
    'cost',
    'v',
    'map.a.v',
    'tasks[0]',
    'tasks[-1].id',
    'tasks[].id',
    'tasks[*].state',
    'tasks[].tags[]',
    'tasks[1:]',
    'tasks[::-1].id',
    'tasks[:2].cost',
    'map.*',
    'map.*.v',
    "tasks[?state == 'FAILED']",
    'tasks[?cost > `1.6`].id',
    'tasks[?!tags].id',
    'empty.*',
    '{a: name, b: n}',
    '[name, n]',
    '`[1, [2, 3], 4]`',
    '`{"a": null}`',
    "'text'",
    '`5`',
    '`null`',
    '`false`',
  ]
  const WRAPS = [
    'length({})',
    '{} || name',
    '{} && name',
    '!{}',
    '{} == {}',
    '{} != n',
    '{} | @',
    'keys({})',
    'values({})',
    'type({})',
    'to_string(not_null({}, name))',
    'to_array({})',
    'not_null(nothing, {})',
    'sort_by({}, &id)',
    'max_by({}, &cost)',
    'map(&id, {})',
    'reverse({})',
    'sum({}[].cost)',
    '{} ? name : n',
    'let $x = {} in [$x, $x]',
    '[{}][]',
    'n + length({})',
    // Never empty: to_number('') is 0 in the library, and no number here.
    'join(`"-"`, [name, {}[].state][])',
    "contains({}, 'FAILED')",
    'sort({}[].cost)',
    'to_number({})',
    'items({})',
    '({})[0]',
  ]
  const wrapped = fc
    .tuple(fc.constantFrom(...PARTS), fc.array(fc.constantFrom(...WRAPS), { maxLength: 3 }))
    .map(([part, wraps]) => wraps.reduce((text, wrap) => wrap.replaceAll('{}', () => text), part))

  test('wherever the library gives JSON', () => {
    fc.assert(
      fc.property(wrapped, text => {
        let wanted: unknown
        try {
          wanted = search(DOCUMENT, text)
        } catch {
          // It fails where this gives a missing value; that nothing is thrown is all that is asked.
          evaluate(text, DOCUMENT)
          return
        }
        expect(evaluate(text, DOCUMENT)).toEqual({ ok: true, value: JSON.parse(JSON.stringify(wanted)) })
      }),
      { numRuns: 500 },
    )
  })
})

describe('what is missing', () => {
  test('stays missing in functions and sums, and is left out of lists', () => {
    for (const text of [
      'length(no)',
      'sum(no.such[].thing)',
      'no + n',
      "split(no, ',')[0]",
      '-no',
      'n / `0`',
    ])
      expect([text, valued(text, DOCUMENT)]).toEqual([text, null])
    expect(valued("join(': ', [name, no])", DOCUMENT)).toBe('a')
    expect(valued('max([n, no, `9`])', DOCUMENT)).toBe(9)
  })

  test('is falsy like empty lists, objects and texts; 0 is not', () => {
    for (const name of ['list', 'map', 'text', 'no', 'off', 'nothing'])
      expect([name, valued(`!(empty.${name})`, DOCUMENT)]).toEqual([name, true])
    expect(valued('!(empty.zero)', DOCUMENT)).toBe(false)
  })

  test('sorts last, and mixed types keep an order', () => {
    const list = [{ k: 'b' }, {}, { k: 2 }, { k: null }, { k: 1 }, { k: 'a' }, { k: [] }]
    expect(valued('sort_by(@, &k)[].k', list)).toEqual([1, 2, 'a', 'b', []])
    expect(valued('max_by(@, &k).k', list)).toBe('b')
  })
})

describe('names', () => {
  test('are own members, whatever they are', () => {
    const own: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "list": [1]}')
    expect(valued('__proto__.x', own)).toBe(1)
    expect(valued('constructor', own)).toBe(2)
    for (const name of ['constructor', '__proto__', 'toString', 'list.length', 'hasOwnProperty'])
      expect([name, valued(name, { list: [1] })]).toEqual([name, null])
    expect(valued('{__proto__: `1`} | __proto__', {})).toBe(1)
    expect(valued('group_by(@, &k).__proto__[0].k', [{ k: '__proto__' }])).toBe('__proto__')
    expect(valued('merge(@, @).constructor', own)).toBe(2)
    expect(({} as { readonly x?: number }).x).toBeUndefined()
  })

  test('of a row: @key is its key, and $ the document', () => {
    expect(valued("[@key, v, $.name, '@key', @]", { v: 1 }, { key: 'k', document: { name: 'd' } })).toEqual([
      'k',
      1,
      'd',
      '@key',
      { v: 1 },
    ])
    expect(valued("starts_with(@key, 'k') && @key != 'x'", {}, { key: 'k1' })).toBe(true)
    expect(valued('@key', {})).toBeNull()
    expect(messageOf('@keys')).not.toContain('no fault')
  })

  test('tell which members of the document are read', () => {
    const membersOf = (text: string) => {
      const compiled = compileExpression(text)
      return compiled.ok
        ? [[...compiled.expression.documentMembers], [...compiled.expression.rootMembers]]
        : []
    }
    expect(membersOf('(a.b[?c == $.d].e | f) && length(g[].h)')).toEqual([['a', 'g', 'd'], ['d']])
    expect(membersOf('sum(pods.items[].x) + other')).toEqual([['pods', 'other'], []])
    expect(membersOf('map(&inner, list)')).toEqual([['list'], []])
  })
})

describe('a fault says what to do', () => {
  test.each([
    ['lenght(a)', 'there is no function lenght(); did you mean length()?'],
    ['length(a, b)', 'length() takes 1 argument, not 2'],
    ['split(a)', 'split() takes 2 to 3 arguments, not 1'],
    ['a > 5', 'a number must be in backticks: `5`, not 5'],
    ['a[', 'it ends too early: something is not closed or missing'],
    ['length(', 'it ends too early: something is not closed or missing'],
    ['a = b', '"=" does not compare; write "=="'],
    ['a.b..c', '"." does not fit there'],
    ['$x', '$x has no value; "let $x = … in …" gives it one'],
    [' ', 'it is empty'],
    ['a['.repeat(1001), 'it is longer than 2000 characters'],
    ['constructor(a)', 'there is no function constructor()'],
    ['__proto__()', 'there is no function __proto__()'],
  ])('%.20s', (text, message) => {
    expect(messageOf(text)).toBe(message)
  })

  test('when it is evaluated', () => {
    expect(messageOf('length(`5`)')).toBe('length() needs text or a list or an object, not a number')
    expect(messageOf("'a' + `1`")).toBe('"+" needs numbers, not text')
    expect(messageOf('&a')).toBe('its result is an expression that JSON does not have')
    expect(messageOf('[&a]')).toBe('its result is an expression that JSON does not have')
  })
})

describe('time and size are bounded', () => {
  const items = Array.from({ length: 2_000 }, (_, i) => ({ a: i, s: 'x'.repeat(50) }))

  test.each([
    ['the square of a list', 'items[].[$.items[].[$.items[].a]]', 'it takes too long'],
    ['a list that doubles', `[items,items][]${' | [@,@][]'.repeat(40)} | length(@)`, 'it takes too long'],
    ['an object that doubles', `@${' | {a: @, b: @}'.repeat(60)}`, 'its result is larger than 1 MiB'],
    ['text that doubles', `'xxxxxxxx'${" | join('', [@, @])".repeat(40)}`, 'its result is larger than 1 MiB'],
    ['padding', "pad_left('x', `1000000000`)", 'its result is larger than 1 MiB'],
    ['a replacement', `replace(to_string(items), 'x', to_string(items))`, 'its result is larger than 1 MiB'],
    ['equality', `(items${' | [@, @]'.repeat(25)}) == (items${' | [@, @]'.repeat(25)})`, 'it takes too long'],
    ['a result', `items${' | [@, @]'.repeat(4)}`, 'its result is larger than 1 MiB'],
    ['brackets', `${'('.repeat(990)}a${')'.repeat(990)}`, null],
    ['nested results', `a${' | [@]'.repeat(390)}`, null],
  ])('%s', (_, text, message) => {
    const beganMs = performance.now()
    const result = evaluate(text, { items })
    expect(performance.now() - beganMs).toBeLessThan(10_000)
    if (message !== null) expect(result).toEqual({ ok: false, message })
  })

  test('the steps of a board are shared by its expressions', () => {
    const compiled = compileExpression('items[].a')
    if (!compiled.ok) throw new Error(compiled.message)
    const budget = new Budget(10_000)
    const scope = { budget, document: { items }, key: null }
    const results = Array.from({ length: 5 }, () => compiled.expression.read(scope.document, scope))
    expect(results.map(result => result instanceof Failure)).toEqual([false, true, true, true, true])
    expect(budget.isUsedUp).toBe(true)
    expect(BOARD_STEPS).toBeGreaterThan(1_000_000)
  })

  test('of any text and any document: nothing is thrown, and a result is JSON', () => {
    const token = fc.constantFrom(
      'a',
      'b',
      '.',
      '[',
      ']',
      '[]',
      '[?',
      '*',
      '(',
      ')',
      '{',
      '}',
      ':',
      ',',
      '|',
      '||',
      '&&',
      '&',
      '!',
      '==',
      '<',
      '+',
      '-',
      '`1`',
      '`[]`',
      "'t'",
      '"q"',
      '@',
      '@key',
      '$',
      '$x',
      'let ',
      ' in ',
      '=',
      '?',
      '0',
      '-1',
      'length',
      'sort_by',
      'map',
      'keys',
      'constructor',
      '__proto__',
      'zip',
      'group_by',
      'replace',
      'pad_left',
      'trim',
      ' ',
    )
    // As text gives them: no -0, which JSON.stringify writes as 0.
    const documents = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))
    fc.assert(
      fc.property(fc.array(token, { maxLength: 14 }), documents, (tokens, document) => {
        const result = evaluate(tokens.join(''), document, { steps: 20_000 })
        if (result.ok) expect(JSON.parse(JSON.stringify(result.value))).toEqual(result.value)
        else expect(result.message).not.toBe('')
      }),
      { numRuns: 3_000 },
    )
  })
})
