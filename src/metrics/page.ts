// The reference page of all metrics, made from their declarations.
import type { Declaration, LabelRule } from './declare.js'
import { DECLARED, PROCESS_DEFAULTS } from './declared.js'
import { OTHER } from './handles.js'

function labelCell(labels: Declaration['labels']): string {
  const values = (rule: LabelRule): string =>
    'atMost' in rule
      ? rule.atMost > 1
        ? `up to ${rule.atMost}, then \`${OTHER}\``
        : 'one value'
      : rule.map(v => `\`${v}\``).join(', ')
  return Object.entries(labels)
    .map(([name, rule]) => `\`${name}\`: ${values(rule)}`)
    .join('; ')
}

function nameCell(name: string, { aliases }: Declaration): string {
  const also = aliases.map(alias => {
    const only = Object.entries(alias.only ?? {}).map(([label, value]) => `${label}="${value}"`)
    return `\`${alias.name}\`${only.length > 0 ? ` (= \`{${only.join(',')}}\`)` : ''}`
  })
  return [`\`${name}\``, ...also.map(each => `also ${each}`)].join('<br>')
}

function whatCell({ help, buckets }: Declaration): string {
  return buckets.length === 0 ? help : `${help} Buckets: ${buckets.join(', ')}.`
}

/** Markdown for `docs/reference/metrics.md`: a row for each metric with name, type, labels, what. */
export function metricsPage(): string {
  const rows = Object.entries<Declaration>(DECLARED).map(
    ([name, declaration]) =>
      `| ${nameCell(name, declaration)} | ${declaration.type} | ${labelCell(declaration.labels)} | ${whatCell(declaration)} |`,
  )
  return `# Metrics

Generated from the declarations in \`src/metrics/\`; do not edit.

\`GET /metrics\` shows these in the Prometheus text format, or as OpenMetrics when \`Accept\` asks for
\`application/openmetrics-text\`. Histograms are left out with \`G6_SSE_METRICS_EXTENDED=0\`, everything with
\`G6_UNIFIED_METRICS=0\`. Label values are bounded; none is ever an address, a user, a token or a path.

| Metric | Type | Labels | What |
| --- | --- | --- | --- |
${rows.join('\n')}

Of the process and its event loop, as prom-client gives them:

${PROCESS_DEFAULTS.map(name => `- \`${name}\``).join('\n')}

Left out are prom-client's \`nodejs_active_resources\`, \`nodejs_active_handles\` and \`nodejs_active_requests\`: they list every
connection at every scrape, which delays the stream when there are many readers. To see a leak, compare \`process_open_fds\` with
\`g6_sse_http_active_connections\`.
`
}
