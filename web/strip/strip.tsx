// The bar at the top: how it is and why, since when, what to do about it, and a few facts.
import { computed } from '@preact/signals'
import { durationText } from '../../src/display/age.js'
import { reasonText } from '../../src/display/reason.js'
import { toneOfVerdict } from '../../src/display/shape.js'
import { factAt, marketText, numberAt } from '../../src/panels/facts.js'
import { hasAlerts } from '../cards/arrange.js'
import { goTo } from '../cards/go-to.js'
import { board, connection, health, lastLiveMs, nowMs, panel, panelKeys } from '../model.js'
import { clockText, shownNowMs, zone } from '../state/clock.js'
import { type Overall, overallOf, type Reason } from '../state/overall.js'
import { query } from '../state/query.js'
import { LostCause, Notices } from './notices.jsx'
import { PageMenu } from './page-menu.jsx'
import { connectionWords, shortSourceWords, sourceWords } from './words.js'

const overall = computed<Overall>(() =>
  overallOf({
    connection: connection.value.state,
    hasBoard: panelKeys.value.length > 0,
    sent: board.value?.verdict ?? null,
    panels: panelKeys.value.map(key => ({ key, tone: panel(key).value?.tone ?? 'muted' })),
  }),
)

const market = computed(() => {
  const facts = panel('header').value?.facts
  const text = marketText(facts)
  const opensMs = numberAt(facts, 'next_open_ms')
  const isClosed = factAt(facts, 'market') === 'closed'
  return isClosed && opensMs !== null ? `${text}, opens ${clockText(opensMs).replace(/:00$/, '')}` : text
})
/** Without a live connection the last health document is outdated. */
const known = computed(() => (connection.value.state === 'live' ? health.value : null))
const source = computed(() => sourceWords(known.value, nowMs.value))
const connected = computed(() => connectionWords(connection.value, nowMs.value, lastLiveMs.value))

function ReasonText({ reason: { text: reasonWords, place } }: { readonly reason: Reason }) {
  const text = reasonText(reasonWords, place)
  if (place === null || query.kiosk) return text
  return (
    <a
      href={`#panel-${encodeURIComponent(place.panel)}`}
      onClick={event => {
        if (goTo({ text: reasonWords, place })) event.preventDefault()
      }}
    >
      {text}
    </a>
  )
}

/** Changes every second, so screen readers must ignore it. */
function Lasts({ sinceMs }: { readonly sinceMs: number }) {
  return (
    <>
      {`since ${clockText(sinceMs)}`}
      <span aria-hidden="true">, {durationText(shownNowMs.value - sinceMs)}</span>
    </>
  )
}

function Also({ is }: { readonly is: Overall }) {
  const { also, more, sinceMs, verdict } = is
  const parts = [
    ...(sinceMs === null ? [] : [<Lasts key="since" sinceMs={sinceMs} />]),
    ...also.map((reason, i) => (
      <>
        {i === 0 && verdict !== 'healthy' ? 'also ' : ''}
        <ReasonText key={reason.text} reason={reason} />
      </>
    )),
    ...(more > 0 ? [`${more} more`] : []),
    ...(verdict === 'healthy' && panel('alerts').value !== null && !hasAlerts.value ? ['no alerts'] : []),
  ]
  return (
    <span class="parts">
      {parts.map((part, i) => (
        <span key={i}>{part}</span>
      ))}
    </span>
  )
}

function Health() {
  const is = overall.value
  const word = is.verdict[0]?.toUpperCase() + is.verdict.slice(1)
  return (
    <div class="overall" data-verdict={is.verdict}>
      <h1 class="word" data-tone={toneOfVerdict(is.verdict)}>
        {word}
      </h1>
      <span class="now" aria-hidden="true">
        <Now />
      </span>
      <div class="why">
        <b class="cause" role="status" aria-label="Overall health">
          <span class="hidden-text">{word}: </span>
          <LostCause>
            <ReasonText reason={is.cause} />
          </LostCause>
        </b>
        <small>
          <Also is={is} />
          <Notices />
        </small>
      </div>
    </div>
  )
}

/** On a phone, instead of the facts. */
function Now() {
  const { state } = connection.value
  const first =
    state === 'live' ? `source ${shortSourceWords(known.value, nowMs.value)}` : connected.value.text
  return `${first} · ${clockText(shownNowMs.value)} ${zone.value.name}`
}

type FactProps = { readonly name: string; readonly text: string }

const Fact = ({ name, text }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd>{text}</dd>
  </div>
)

const Market = () => (market.value === null ? null : <Fact name="Market" text={market.value} />)
const Source = () => <Fact name="Source" {...source.value} />
const Connection = () => <Fact name="Connection" {...connected.value} />
const Clock = () => <Fact name={zone.value.name} text={zone.value.clock(shownNowMs.value)} />

export function Strip() {
  return (
    <header class="bar" data-verdict={overall.value.verdict}>
      <Health />
      <dl class="facts" aria-label="Facts">
        {query.kiosk ? null : (
          <>
            <Market />
            <Source />
            <Connection />
          </>
        )}
        <Clock />
      </dl>
      {query.kiosk ? null : <PageMenu />}
    </header>
  )
}
