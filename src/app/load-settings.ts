// Settings as every command takes them, with the checks that need more than the settings room knows.
import { backendFindings } from '../chat/backends/findings.js'
import { missingKeyText } from '../chat/chat-config.js'
import { type FromProcess, loadConfigFromProcess } from '../config/from-process.js'
import type { Finding } from '../config/layers.js'
import type { Disorder, Loaded, LoadResult } from '../config/load.js'
import type { Config } from '../config/settings.js'
import { unixPathOf } from '../config/unix-path.js'
import { judgeBind, weakTokenText } from '../guards/host.js'
import { planListeners } from '../http/listen-plan.js'
import { PANELS } from '../panels/registry.js'
import { settingSpecs } from '../sources/spec.js'
import { whenFault } from './notify-rules.js'
import { thresholdDisorders } from './panel-context.js'

const SOURCES = 'G6_PANELS_SSE_URL'
const RULES = 'G6_NOTIFY'

/** From flags, environment and files; SIGHUP calls it again. */
export function loadSettings(options: Omit<FromProcess, 'judge'> = {}): LoadResult {
  const result = loadConfigFromProcess({
    ...options,
    judge: config => [...thresholdDisorders(config), ...sourceDisorders(config), ...notifyDisorders(config)],
  })
  if (!result.ok) return result
  const { warnings, config } = result
  return { ...result, warnings: [...warnings, ...sizesOfNothing(config), ...weakToken(config)] }
}

function weakToken(config: Config): readonly Finding[] {
  const message = weakTokenText(config)
  return message === null ? [] : [{ name: 'G6_SSE_API_TOKEN', message }]
}

/** Which streams can be followed together. */
function sourceDisorders(config: Config): readonly Disorder[] {
  try {
    settingSpecs(config)
    return []
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return [{ names: [SOURCES], finding: { name: SOURCES, message: `${SOURCES}: ${error.message}` } }]
  }
}

/** Expressions that cannot be read. */
function notifyDisorders({ notify }: Config): readonly Disorder[] {
  return notify.flatMap(({ name, when }) => {
    const why = whenFault(when)
    const message = `${RULES} (${name}): when: ${why}`
    return why === null ? [] : [{ names: [RULES], finding: { name: RULES, message } }]
  })
}

const PANEL_KEYS: readonly string[] = PANELS.map(({ key }) => key)

/** A warning only: another server's board may have panels of other names. So may a module of panels, which is loaded later. */
function sizesOfNothing({ panelW, panelH, panelsModule }: Config): readonly Finding[] {
  if (panelsModule !== null) return []
  const names = (prefix: string, sizes: object): readonly string[] =>
    Object.keys(sizes)
      .filter(key => !PANEL_KEYS.includes(key))
      .map(key => `${prefix}${key.toUpperCase()}`)
  return [...names('G6_PANEL_W_', panelW), ...names('G6_PANEL_H_', panelH)].map(name => ({
    name,
    message: `${name} is the size of no panel of this program; its panels are ${PANEL_KEYS.join(', ')}`,
  }))
}

const PORTS = [
  ['G6_UNIFIED_HTTP_PORT', 'unifiedHttpPort'],
  ['G6_SSE_HTTP_PORT', 'sseHttpPort'],
  ['G6_METRICS_HTTP_PORT', 'metricsHttpPort'],
  ['G6_RESYNC_HTTP_PORT', 'resyncHttpPort'],
] as const

/** Why `g6 serve` would not start with these settings, or what it could not do; other commands may not need it. */
export function serveFindings({ config, provenance }: Loaded): readonly Finding[] {
  const findings: Finding[] = []
  const refused = (name: string, why: string): void => {
    findings.push({ name, message: `g6 serve would not start: ${why}` })
  }
  const bind = judgeBind(config)
  if (bind.kind === 'refused') refused('G6_HTTP_HOST', bind.text)
  const plan = planListeners(config, key => provenance[key].from !== 'default', 'serve')
  if (!plan.ok) refused('G6_UNIFIED_HTTP', plan.error)
  if (unixPathOf(config.httpHost) !== null) {
    for (const [name, key] of PORTS) {
      if (provenance[key].from === 'default') continue
      findings.push({ name, message: `${name} changes nothing: all routes are on ${config.httpHost}` })
    }
  }
  findings.push(...backendFindings(config))
  const missingKey = missingKeyText(config)
  if (missingKey !== null) findings.push({ name: 'G6_CHAT_JWKS_URL', message: missingKey })
  return findings
}
