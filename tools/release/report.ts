// Runs checks one after the other and reports their outcomes. A check that could not run has not passed.

export type Outcome = { readonly ok: boolean; readonly detail: string }

export type Check = {
  readonly name: string
  /** Throws when it cannot run. */
  readonly run: () => Outcome | Promise<Outcome>
}

export type CheckResult = Outcome & { readonly name: string; readonly ms: number }

export type Report = { readonly ok: boolean; readonly checks: readonly CheckResult[] }

/** The most complaints in a detail; the rest is counted. */
const MAX_SHOWN = 20

/** Ok when there is no complaint; then the detail is `content`. */
export function outcomeOf(complaints: readonly string[], content: string): Outcome {
  if (complaints.length === 0) return { ok: true, detail: content }
  const more = complaints.length - MAX_SHOWN
  const shown = complaints.slice(0, MAX_SHOWN).concat(more > 0 ? [`and ${more} more`] : [])
  return { ok: false, detail: shown.join('; ') }
}

/** Runs one check at a time, so that no other one disturbs a measurement. `nowMs` is monotonic. */
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

/** For people: a line per check, and how many passed. */
export function reportText({ checks }: Report): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length))
  const lines = checks.map(
    ({ name, ok, detail, ms }) =>
      `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${String(ms).padStart(6)} ms  ${detail}`,
  )
  const passed = checks.filter(({ ok }) => ok).length
  return `${[...lines, `${passed} of ${checks.length} passed`].join('\n')}\n`
}
