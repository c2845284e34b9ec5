// Checks run one after the other, and what came of them as one document. A check that could not run is not ok: silence is
// never taken for success.

export type Outcome = { readonly ok: boolean; readonly detail: string }

export type Check = {
  readonly name: string
  /** Throws when it cannot be carried out. */
  readonly run: () => Outcome | Promise<Outcome>
}

export type CheckResult = Outcome & { readonly name: string; readonly ms: number }

export type Report = { readonly ok: boolean; readonly checks: readonly CheckResult[] }

/** A detail is read by a person; a check that finds much says how much more there is. */
const MAX_SHOWN = 20

/** Ok when there is no complaint; `content` is what is said then. */
export function outcomeOf(complaints: readonly string[], content: string): Outcome {
  if (complaints.length === 0) return { ok: true, detail: content }
  const more = complaints.length - MAX_SHOWN
  const shown = complaints.slice(0, MAX_SHOWN).concat(more > 0 ? [`and ${more} more`] : [])
  return { ok: false, detail: shown.join('; ') }
}

/** Runs each in turn, so that measurements have the machine to themselves. `nowMs` is monotonic. */
export async function runChecks(checks: readonly Check[], nowMs: () => number): Promise<Report> {
  const results: CheckResult[] = []
  for (const { name, run } of checks) {
    const startMs = nowMs()
    const outcome = await attempt(run)
    results.push({ name, ...outcome, ms: Math.round(nowMs() - startMs) })
  }
  return { ok: results.every(({ ok }) => ok), checks: results }
}

async function attempt(run: Check['run']): Promise<Outcome> {
  try {
    return await run()
  } catch (error) {
    return { ok: false, detail: `could not run: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** For people: a line each, and how many held. */
export function reportText({ checks }: Report): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length))
  const lines = checks.map(
    ({ name, ok, detail, ms }) =>
      `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${String(ms).padStart(6)} ms  ${detail}`,
  )
  const held = checks.filter(({ ok }) => ok).length
  return `${[...lines, `${held} of ${checks.length} hold`].join('\n')}\n`
}
