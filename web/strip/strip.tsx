// The strip at the top: the health of the system and a few facts.
import { computed } from '@preact/signals'
import { factAt, marketText } from '../../src/panels/facts.js'
import { board, connection, health, lastLiveMs, nowMs, panel, panelKeys } from '../model.js'
import { type Overall, overallOf, type VerdictWord } from '../state/overall.js'
import type { Tone } from '../state/panels.js'
import { Toolbar } from './toolbar.jsx'
import { connectionWords, type FactText, percentText, sourceWords } from './words.js'

const WORDS: Readonly<Record<VerdictWord, FactText>> = {
  healthy: { text: 'Healthy', tone: 'ok' },
  attention: { text: 'Attention', tone: 'warn' },
  failing: { text: 'Failing', tone: 'error' },
  unknown: { text: 'Unknown', tone: 'muted' },
}

const overall = computed<Overall>(() =>
  overallOf({
    connection: connection.value.state,
    hasBoard: panelKeys.value.length > 0,
    said: board.value?.verdict ?? null,
    panels: panelKeys.value.map(key => ({ key, tone: panel(key).value?.tone ?? 'muted' })),
  }),
)

const market = computed(() => marketText(panel('header').value?.facts) ?? '—')
const cycle = computed(() => String(factAt(panel('cycle').value?.facts, 'number') ?? '—'))
/** Without a live connection the last health document is outdated. */
const known = computed(() => (connection.value.state === 'live' ? health.value : null))
const source = computed(() => sourceWords(known.value, nowMs.value))
const connected = computed(() => connectionWords(connection.value, nowMs.value, lastLiveMs.value))
const hitRatio = computed(() => percentText(known.value?.hitRatio ?? null))
const clients = computed(() => String(known.value?.clients ?? '—'))

function Health() {
  const { verdict, reasons, panels } = overall.value
  const { text, tone } = WORDS[verdict]
  return (
    <div class="overall" data-tone={tone} data-verdict={verdict} role="status" aria-label="Overall health">
      <strong>{text}</strong>
      {reasons.map(reason => (
        <span key={reason}>{reason}</span>
      ))}
      {panels.map(key => (
        <a key={key} href={`#panel-${key}`}>
          {panel(key).value?.title ?? key}
        </a>
      ))}
    </div>
  )
}

type FactProps = { readonly name: string; readonly text: string; readonly tone?: Tone | undefined }

function Fact({ name, text, tone }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-tone={tone === 'muted' ? undefined : tone}>{text}</dd>
    </div>
  )
}

const Market = () => <Fact name="Market" text={market.value} />
const Cycle = () => <Fact name="Cycle" text={cycle.value} />
const Source = () => <Fact name="Source" {...source.value} />
const Connection = () => <Fact name="Connection" {...connected.value} />
const HitRatio = () => <Fact name="Hit ratio" text={hitRatio.value} />
const Clients = () => <Fact name="Clients" text={clients.value} />

export function Strip() {
  return (
    <header class="strip">
      <h1 class="hidden-text">G6 Stream</h1>
      <Health />
      <dl class="facts" aria-label="Facts">
        <Market />
        <Cycle />
        <Source />
        <Connection />
        <HitRatio />
        <Clients />
      </dl>
      <Toolbar />
    </header>
  )
}
