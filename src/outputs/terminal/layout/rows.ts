// Shares the rows of one column among its panels. What is not well gets all rows it needs; then the others, the most important first,
// get a line each, then dense content, then all of theirs. What is left over shares one line. When even what is not well does not
// fit, the least important of it is cut, then a line, then in the shared line. The focused panel counts as
// not well and as the most important, so focusing a panel opens it.
import { FRAME_ROWS } from '../draw/title.js'

/** Lines of content that a cut panel shows at least. */
const MIN_CONTENT = 3
/** Rows from which on a part of a panel that is well is shown. */
const LEAST_PART = 6
const MIN_ROWS = 2

/** `shared`: only its name, in one line with others. */
export type Form = 'roomy' | 'dense' | 'line' | 'shared'

/** One panel, or two next to each other. */
export type RowNeed = {
  /** Panels; as single lines they are below each other. */
  readonly count: number
  readonly importance: number
  /** It gets its rows before what is well. */
  readonly isNotWell: boolean
  /** Of what is not well, it keeps its rows longer. */
  readonly isWorst: boolean
  /** Nothing to show: never more than a line. */
  readonly isEmpty: boolean
  /** Rows with the title and a blank line. */
  readonly roomy: number
  readonly dense: number
  /** `G6_PANEL_H_<NAME>`; null when it is not set. */
  readonly fixed: number | null
  /** Rows in the last frame; null when it was not there. */
  readonly before: number | null
}

export type Rows = {
  readonly height: number
  readonly form: Form
}

type State = { form: Form; height: number }

function heightOf(need: RowNeed, form: Form): number {
  if (form === 'shared') return 0
  if (form === 'line') return need.count
  return form === 'dense' ? need.dense : need.roomy
}

function fixedState(fixed: number, { count, roomy }: RowNeed): State {
  if (fixed < MIN_ROWS) return { form: 'line', height: count }
  return { form: roomy <= fixed ? 'roomy' : 'dense', height: fixed }
}

/** The shared line is a row; the blank line of the last panel may be missing. */
function total(states: readonly State[]): number {
  let sum = 0
  let isShared = false
  let isLined = false
  for (const { form, height } of states) {
    sum += height
    isShared ||= form === 'shared'
    isLined ||= form === 'line'
  }
  if (isShared) return sum + 1
  return isLined || sum === 0 ? sum : sum - 1
}

const asRows = (states: readonly State[]): readonly Rows[] =>
  states.map(({ form, height }) => ({ form, height }))

/** Most important first; of equals the earlier one. */
function byImportance(needs: readonly RowNeed[], keep: (need: RowNeed) => boolean): number[] {
  return needs
    .map((need, i) => ({ need, i }))
    .filter(({ need }) => need.fixed === null && keep(need))
    .sort((a, b) => b.need.importance - a.need.importance || a.i - b.i)
    .map(({ i }) => i)
}

function largest(need: RowNeed): State {
  if (need.fixed !== null) return fixedState(need.fixed, need)
  return need.isEmpty ? { form: 'line', height: need.count } : { form: 'roomy', height: need.roomy }
}

/** Takes the first form that fits; whether one did. */
function tryForms(states: State[], i: number, need: RowNeed, forms: readonly Form[], rows: number): void {
  const before = states[i]
  if (before === undefined) return
  for (const form of forms) {
    states[i] = { form, height: heightOf(need, form) }
    if (total(states) <= rows) return
  }
  states[i] = before
}

/** A step down for one need; false when it changes nothing more. */
type Step = (need: RowNeed) => State

const toDense: Step = need => ({ form: 'dense', height: need.dense })
const toFew: Step = need => ({ form: 'dense', height: Math.min(need.dense, FRAME_ROWS - 1 + MIN_CONTENT) })
const toLine: Step = need => ({ form: 'line', height: need.count })
const toShared: Step = () => ({ form: 'shared', height: 0 })

/**
 * Cuts what is not well until it fits: warnings become dense, a few rows and then lines before errors are cut. Spare rows go
 * back, the most important first.
 */
function cut(states: State[], needs: readonly RowNeed[], rows: number): void {
  const order = byImportance(needs, ({ isEmpty }) => !isEmpty).filter(i => states[i]?.form !== 'shared')
  const worst = order.filter(i => needs[i]?.isWorst)
  const others = order.filter(i => !worst.includes(i))
  const down = (of: readonly number[], steps: readonly Step[]): void => {
    for (const i of of.toReversed()) {
      for (const step of steps) {
        if (total(states) <= rows) return
        const need = needs[i]
        if (need !== undefined) states[i] = step(need)
      }
    }
  }
  down(others, [toDense])
  down(others, [toFew])
  down(others, [toLine])
  down(worst, [toDense])
  down(worst, [toFew])
  down(others, [toShared])
  down(worst, [toLine, toShared])
  for (const i of order) {
    const [state, need] = [states[i], needs[i]]
    if (state === undefined || need === undefined || state.form === 'roomy') continue
    if (state.form === 'dense') {
      const more = Math.min(rows - total(states), need.dense - state.height)
      if (more > 0) states[i] = { form: 'dense', height: state.height + more }
    } else tryForms(states, i, need, state.form === 'shared' ? ['line'] : ['dense'], rows)
  }
}

function squeezed(needs: readonly RowNeed[], rows: number): readonly Rows[] {
  const states = needs.map(
    (need): State => (need.isNotWell || need.fixed !== null ? largest(need) : { form: 'shared', height: 0 }),
  )
  if (total(states) > rows) {
    cut(states, needs, rows)
    return asRows(states)
  }
  const well = byImportance(needs, ({ isNotWell }) => !isNotWell)
  for (const i of well) {
    const need = needs[i]
    if (need !== undefined) tryForms(states, i, need, ['line'], rows)
  }
  for (const i of well) {
    const need = needs[i]
    if (need === undefined || need.isEmpty) continue
    tryForms(states, i, need, ['roomy', 'dense'], rows)
    const state = states[i]
    // A part of a long table is better than a line of it.
    const part = rows - total(states) + (state?.height ?? 0)
    if (state?.form === 'line' && need.count === 1 && part >= LEAST_PART)
      states[i] = { form: 'dense', height: part }
  }
  return asRows(states)
}

function evenly(needs: readonly RowNeed[], rows: number): readonly Rows[] {
  const fixed = needs.map(need => (need.fixed === null ? null : fixedState(need.fixed, need)))
  const free = fixed.filter(state => state === null).length
  const taken = fixed.reduce((sum, state) => sum + (state?.height ?? 0), 0)
  const share = Math.floor((rows - taken) / Math.max(1, free))
  if (share <= MIN_ROWS) return squeezed(needs, rows)
  return needs.map(
    (need, i) => fixed[i] ?? { form: need.roomy - 1 <= share ? 'roomy' : 'dense', height: share },
  )
}

/** A height for every need, in order; with the shared line at most `rows`, where settings do not ask for more. */
export function shareRows(needs: readonly RowNeed[], rows: number, autoFit: boolean): readonly Rows[] {
  if (!autoFit) return fitted(evenly(needs, rows), rows)
  const roomy = needs.map(largest)
  const steady = needs.map((need, i): State => {
    const state = roomy[i] ?? largest(need)
    return state.form === 'roomy' && need.fixed === null
      ? { ...state, height: Math.max(state.height, need.before ?? 0) }
      : state
  })
  for (const states of [steady, roomy]) if (total(states) <= rows) return asRows(states)
  return fitted(squeezed(needs, rows), rows)
}

/** Fixed heights may ask for more than there is: the last panels lose theirs. */
function fitted(states: readonly Rows[], rows: number): readonly Rows[] {
  let left = rows - (states.some(({ form }) => form === 'shared') ? 1 : 0)
  return states.map(({ form, height }) => {
    const given = Math.max(0, Math.min(height, left))
    left -= given
    if (given === height) return { form, height }
    return given < MIN_ROWS
      ? { form: given === 0 ? 'shared' : 'line', height: given }
      : { form, height: given }
  })
}
