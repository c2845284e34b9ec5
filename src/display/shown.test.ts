import { describe, expect, test } from 'vitest'
import { shownCell, shownColumn, shownField } from './shown.js'

describe('a field', () => {
  test('has words, a grouped number and its unit', () => {
    expect(shownField({ label: 'memory_mb', text: '12345.6', value: 12_345.6 }, 'en', 'resources')).toEqual({
      label: 'Memory',
      number: '12,345.6',
      unit: 'MB',
    })
    expect(shownField({ label: 'avg', text: '1123ms', value: 1123, unit: 'ms' }, 'en', 'cycle')).toEqual({
      label: 'Average',
      number: '1,123',
      unit: 'ms',
    })
  })

  test('takes the unit of its text before that of its key', () => {
    const field = { label: 'task_max_waiting_in_queue_millis', text: '1.25 s', value: 1250, unit: 'ms' }
    expect(shownField(field, 'plain')).toMatchObject({ number: '1.25', unit: 's' })
  })

  test('that is an age says so', () => {
    expect(shownField({ label: 'last_flush_age_sec', text: '3.2', value: 3.2, unit: 's' }, 'plain')).toEqual({
      label: 'Last flush',
      number: '3.2',
      unit: 's ago',
    })
  })

  test('without a number has no unit', () => {
    expect(shownField({ label: 'cpu_pct', text: '—' }, 'en')).toEqual({ label: 'CPU', number: '—', unit: '' })
    expect(shownField({ label: 'age_sec', text: '5s in the future', value: -5 }, 'en').unit).toBe('')
    expect(shownField({ label: 'start_ms', text: '14:16:10', value: 1, unit: 'time' }, 'en').unit).toBe('')
  })

  test('whose number is a name is not grouped', () => {
    for (const label of ['pid', 'process_id', 'year', 'port', 'build'])
      expect(shownField({ label, text: '27017', value: 27_017 }, 'en').number).toBe('27017')
    expect(shownField({ label: 'video', text: '27017', value: 27_017 }, 'en').number).toBe('27,017')
  })
})

describe('a column', () => {
  test('says the unit once, in its head', () => {
    const column = { label: 'DQ %' }
    expect(shownColumn(column, 'indices')).toEqual({ label: 'Data quality', unit: '%' })
    expect(shownCell({ text: '93.1', value: 93.1, unit: '%' }, column, 'en', 'indices')).toEqual({
      number: '93.1',
      unit: '',
    })
    expect(shownCell({ text: '12 ms', value: 12 }, column, 'en', 'indices')).toEqual({
      number: '12',
      unit: 'ms',
    })
    expect(shownColumn({ label: 'created', unit: 'time' })).toEqual({ label: 'Created', unit: '' })
  })

  test('of names is not grouped', () => {
    expect(shownCell({ text: '27017', value: 27_017 }, { label: 'port' }, 'en').number).toBe('27017')
    expect(shownCell({ text: '27017', value: 27_017 }, { label: 'queue' }, 'en-IN').number).toBe('27,017')
  })
})
