// Settings as every command takes them: what the settings themselves can tell to be wrong, and what only their users can.
import type { Finding } from '../config/finding.js'
import { type FromProcess, loadConfigFromProcess } from '../config/from-process.js'
import type { Loaded, LoadResult } from '../config/load.js'
import { judgeBind } from '../guards/open-bind.js'
import { planListeners } from '../http/listen-plan.js'
import { thresholdDisorders } from './panel-context.js'

/** From flags, environment and files; SIGHUP calls it again. */
export function loadSettings(options: Omit<FromProcess, 'judge'> = {}): LoadResult {
  return loadConfigFromProcess({ ...options, judge: thresholdDisorders })
}

/** Why `g6 serve` would not start with these settings, though other commands may. */
export function serveRefusals({ config, provenance }: Loaded): readonly Finding[] {
  const findings: Finding[] = []
  const refused = (name: string, why: string): void => {
    findings.push({ name, message: `g6 serve would not start: ${why}` })
  }
  const bind = judgeBind(config)
  if (bind.kind === 'refused') refused('G6_HTTP_HOST', bind.text)
  const plan = planListeners(config, key => provenance[key].from !== 'default', 'serve')
  if (!plan.ok) refused('G6_UNIFIED_HTTP', plan.error)
  return findings
}
