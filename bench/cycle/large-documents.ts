// Documents of 2 MB that no known panel reads, a board file for them, and a mix of small documents as programs answer them.

/** About this many characters. */
const ROWS = { pods: 5_400, rows: 31_000, hosts: 32_000 } as const

const pod = (i: number) => ({
  metadata: { name: `pod-${i}`, namespace: `ns${i % 7}`, labels: { app: `app-${i}` } },
  status: {
    phase: i % 50 === 0 ? 'Pending' : 'Running',
    startTime: `2026-01-05T10:00:0${i % 10}Z`,
    containerStatuses: [
      {
        name: 'main',
        ready: true,
        restartCount: i % 9,
        state: { running: { startedAt: '2026-01-05T10:00:00Z' } },
      },
    ],
  },
  spec: {
    nodeName: `node${i % 30}`,
    containers: [{ image: 'x', resources: { limits: { cpu: '500m', memory: '512Mi' } } }],
  },
})
const row = (i: number) => ({
  id: i,
  name: `row ${i}`,
  status: i % 100 === 0 ? 'failed' : 'ok',
  ms: (i * 7) % 1000,
  pct: i % 100,
})
const host = (i: number) => ({ status: i % 100 === 0 ? 'failed' : 'ok', ms: i % 1000, load: i / 7 })

const listOf = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const hostsOf = (count: number) => Object.fromEntries(listOf(count, i => [`host-${i}`, host(i)]))

/** A list of nested objects, a list of many small rows, and a map. */
export function largeDocuments(): Readonly<Record<'pods' | 'rows' | 'map', object>> {
  return {
    pods: { items: listOf(ROWS.pods, pod) },
    rows: { items: listOf(ROWS.rows, row) },
    map: { hosts: hostsOf(ROWS.hosts) },
  }
}

/** What BOARD_FILE is for: half pods, half hosts. */
export function declaredDocument(): object {
  return {
    status: 'ok',
    latency: { p50: 12, p95: 250, pct: 12.5 },
    items: listOf(ROWS.pods / 2, pod),
    hosts: hostsOf(ROWS.hosts / 2),
  }
}

const podsTable = (title: string, rest: string): string => `[[panel]]
title = "${title}"
rows = "items"
${rest}
columns = [
  { label = "pod", from = "metadata.name" },
  { label = "phase", from = "status.phase" },
  { label = "restarts", from = "status.containerStatuses[0].restartCount", warn = "> 7" },
]
`
const hostsTable = (title: string, rest: string): string => `[[panel]]
title = "${title}"
rows = "hosts"
${rest}
columns = [
  { label = "host", from = "@key" },
  { label = "status", from = "status" },
  { label = "ms", from = "ms", unit = "ms", warn = "> 900ms" },
]
`

/** 14 panels: numbers, lists that are filtered, sorted, cut and joined. */
export const BOARD_FILE = `
[[panel]]
title = "Overview"
fields = [
  { label = "status", from = "status" },
  { label = "pods", from = "length(items)" },
  { label = "hosts", from = "length(keys(hosts))" },
  { label = "pending", from = "length(items[?status.phase == 'Pending'])", warn = "> 10" },
]
[[panel]]
title = "Latency"
fields = [
  { label = "p50", from = "latency.p50", unit = "ms" },
  { label = "p95", from = "latency.p95", unit = "ms", warn = "> 1s" },
  { label = "busy", from = "latency.pct", unit = "%", warn = "> 90", history = true },
]
[[panel]]
title = "Sums"
fields = [
  { label = "restarts", from = "sum(items[].status.containerStatuses[0].restartCount)" },
  { label = "slowest", from = "max(values(hosts)[].ms)", unit = "ms" },
]
[[panel]]
title = "Ready"
fields = [{ label = "not ready", from = "length(items[?!status.containerStatuses[0].ready])", error = "> 0" }]
[[panel]]
title = "Pending with their node"
rows = "items[?status.phase == 'Pending']"
join = { rows = "items", on = "metadata.name = metadata.name", as = "other" }
columns = [{ label = "pod", from = "metadata.name" }, { label = "node", from = "other.spec.nodeName" }]
${podsTable('Pending', `where = "status.phase != 'Running'"`)}
${podsTable('All pods', 'limit = 20')}
${podsTable('Restarts', 'sort = "-status.containerStatuses[0].restartCount"\nlimit = 15')}
${podsTable('First namespace', `where = "metadata.namespace == 'ns0'"\nlimit = 30`)}
${podsTable('First node', `where = "spec.nodeName == 'node1'"`)}
${hostsTable('Failed', `where = "status != 'ok'"`)}
${hostsTable('Slowest', 'sort = "-ms"\nlimit = 20')}
${hostsTable('Loaded', 'where = "load > `2000`"\nsort = "-load"\nlimit = 10')}
${hostsTable('Fast', 'where = "ms < `10`"\nlimit = 20')}
`

/** Answers of other programs, from a few members to a few hundred rows, and the three large documents among them. */
export function mixedDocuments(): readonly object[] {
  const small = listOf(6, i => [
    {
      status: i === 3 ? 'DOWN' : 'UP',
      components: { db: { status: 'UP' }, disk: { status: 'UP', free: i } },
    },
    { cluster_name: `c${i}`, status: 'green', number_of_nodes: 3 + i, unassigned_shards: i % 2 },
    { items: listOf(20 + 80 * i, pod) },
    { data: { targets: listOf(5 + i, at => ({ job: `job-${at}`, health: 'up', lastError: '' })) } },
  ]).flat()
  return [...small, ...Object.values(largeDocuments())]
}
