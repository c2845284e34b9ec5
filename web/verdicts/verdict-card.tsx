// The card "Verdict today" of a wide screen: a strip of the verdict log since midnight in the zone of the board, when it was last not
// well, and the uptime.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { durationText } from '../../src/display/age.js'
import { type Today, todayOf } from '../../src/display/today.js'
import { board, nowMs } from '../model.js'
import { token } from '../state/access.js'
import { addressOf } from '../state/base.js'
import { clockText, zone } from '../state/clock.js'
import { documentIn } from '../state/document.js'
import './verdicts.css'

const ASK_EVERY_MS = 30_000
const TIMEOUT_MS = 10_000

const log = signal<unknown>(null)

async function ask(): Promise<void> {
  const key = token.peek()
  try {
    const response = await fetch(addressOf('summary/history/verdicts'), {
      headers: key === null ? {} : { 'X-API-Token': key },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    log.value = response.ok ? await documentIn(response) : null
  } catch {
    log.value = null // not reachable: the connection's state shows this
  }
}

/** `14:16:32` → how long the day has lasted. */
function sinceMidnightMs(atMs: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = zone.value.clock(atMs).split(':').map(Number)
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/** What the card shows; null while `isWanted` is false, and where the server keeps no log. */
export function useToday(isWanted: boolean): Today | null {
  const word = isWanted ? board.value?.verdict?.word : undefined
  useEffect(() => {
    if (!isWanted) return
    void ask()
    const asking = setInterval(() => {
      if (!document.hidden) void ask()
    }, ASK_EVERY_MS)
    return () => clearInterval(asking)
  }, [isWanted, word])
  const known = isWanted ? log.value : null
  const atMs = nowMs.peek()
  return known === null ? null : todayOf(known, atMs - sinceMidnightMs(atMs), atMs)
}

const LAST = [
  ['failing', 'Failing'],
  ['attention', 'Attention'],
] as const

function Uptime({ label, pct }: { readonly label: string; readonly pct: number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {(Math.floor(pct * 100) / 100).toFixed(2)}
        <span class="u"> %</span>
      </dd>
    </div>
  )
}

export function VerdictCard({ today }: { readonly today: Today }) {
  const { spells, healthyPct, uptimePct, weekPct } = today
  const time = (atMs: number): string => clockText(atMs).slice(0, 5)
  const spoken = spells.map(({ word, fromMs }) => `${word} from ${time(fromMs)}`).join(', ')
  return (
    <section class="card verdicts" aria-labelledby="verdicts-title">
      <header>
        <h2 id="verdicts-title">Verdict today</h2>
        <span class="plot-remark">healthy {Math.floor(healthyPct)} %</span>
      </header>
      <div class="spells" role="img" aria-label={spoken}>
        {spells.map(({ fromMs, tone, ms }) => (
          <i key={fromMs} data-tone={tone} style={{ flexGrow: ms }} />
        ))}
      </div>
      <p class="spells-times" aria-hidden="true">
        <span>{time(spells[0]?.fromMs ?? nowMs.peek())}</span>
        <span>now</span>
      </p>
      <dl class="fields">
        {LAST.map(([word, label]) => {
          const last = spells.findLast(spell => spell.word === word)
          return last === undefined ? null : (
            <div key={word}>
              <dt>{label}</dt>
              <dd>
                {time(last.fromMs)}, {durationText(last.ms)}
              </dd>
            </div>
          )
        })}
        <Uptime label="Uptime" pct={uptimePct} />
        {weekPct === null ? null : <Uptime label="Uptime this week" pct={weekPct} />}
      </dl>
    </section>
  )
}
