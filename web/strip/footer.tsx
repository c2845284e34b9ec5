// The foot of the page: what does not change, and which zone the times are in.

import { labelOf } from '../../src/display/label.js'
import { factAt } from '../../src/panels/facts.js'
import { AutomaticNote } from '../hero/hero.jsx'
import { board, connection, health, panel } from '../model.js'
import { zone } from '../state/clock.js'
import { boardTitle } from '../state/looks.js'
import { type Field, MISSING } from '../state/panels.js'
import { query } from '../state/query.js'
import { percentText } from './words.js'

/** Shown in the bar, by a table of its own, or with the interval of the cycle. */
const ELSEWHERE: ReadonlySet<string> = new Set(['market', 'next_open', 'indices', 'cycle'])
/** Words that say what they are. */
const PLAIN: ReadonlySet<string> = new Set(['app', 'env', 'environment'])

const fieldsOf = (key: string): readonly Field[] =>
  (panel(key).value?.blocks ?? []).flatMap(block => (block.kind === 'fields' ? block.items : []))

function Product() {
  return (
    <>
      {fieldsOf('header')
        .filter(({ label, text }) => text !== MISSING && !ELSEWHERE.has(label))
        .map(({ label, text }) => (
          <span key={label} title={label}>
            {PLAIN.has(label) ? text : `${labelOf(label, 'header').label.toLowerCase()} ${text}`}
          </span>
        ))}
    </>
  )
}

function Cycle() {
  const facts = panel('cycle').value?.facts
  const [number, interval] = [factAt(facts, 'number'), factAt(facts, 'interval_sec')]
  if (number === undefined) return null
  return <span>{interval === undefined ? `cycle ${number}` : `cycle ${number}, every ${interval} s`}</span>
}

/** What health says of the stream. Without a live connection it is outdated. */
function Readers() {
  const known = connection.value.state === 'live' ? health.value : null
  if (known === null) return null
  return (
    <>
      {known.hitRatio === null ? null : (
        <span title="hit ratio: panels that stayed the same">unchanged {percentText(known.hitRatio)}</span>
      )}
      {known.clients === null ? null : (
        <span>
          {known.clients} {known.clients === 1 ? 'reader' : 'readers'}
        </span>
      )}
    </>
  )
}

function Zone() {
  const { name, offset } = zone.value
  return (
    <span class="zone">
      {`All times ${name === offset ? name : `${name} (${offset})`}. Trends: 15 min, own scale, end value at the dot.`}
    </span>
  )
}

export function Footer() {
  if (board.value === null) return null
  return (
    <footer>
      {query.kiosk ? null : (
        <>
          {boardTitle.value === null ? null : <span>{boardTitle}</span>}
          <Product />
          <Cycle />
          <Readers />
          <AutomaticNote />
        </>
      )}
      <Zone />
    </footer>
  )
}
