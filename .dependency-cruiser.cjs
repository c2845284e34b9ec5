// The floors of the house (docs/architecture.md): a file may import from its own room and from rooms below it.
// FLOORS is the whole truth, top to bottom; every forbidden arrow is derived from it.
const SHELL = [
  'conformance',
  'cli',
  'release',
  'library',
  'app',
  'outputs',
  'http',
  'chat',
  'guards',
  'sources',
  'hub',
  'connection',
  'engine',
]
const CORE = ['board', 'panels', 'ingest', 'snapshot', 'sse', 'protocol']
const GROUND = ['simulator', 'files', 'config', 'metrics', 'log', 'clock']
const room = names => `^src/(${names.join('|')})/`

const upward = [...SHELL, ...CORE].flatMap((name, i, all) =>
  i === 0
    ? []
    : [
        {
          name: `${name}-imports-nothing-above`,
          severity: 'error',
          from: { path: room([name]) },
          to: { path: room(all.slice(0, i)) },
        },
      ],
)

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'types may know each other; code may not',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '(index|\\.test)\\.ts$' },
      to: {},
    },
    {
      name: 'relay-loads-its-libraries-late',
      comment: 'a server whose relay is off keeps none of them in memory',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.test\\.ts$', '^src/chat/audit/database\\.ts$'] },
      to: {
        path: 'node_modules/(undici|jose|cockatiel|libsql)/',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies-in-src',
      severity: 'error',
      from: { path: '^(src|client)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    ...upward,
    {
      name: 'core-is-pure',
      comment: 'the core imports the core, zod, string-width and node:crypto (hashing) and nothing else',
      severity: 'error',
      from: { path: room(CORE), pathNot: '\\.test\\.ts$' },
      to: { pathNot: [room(CORE), '^(node:)?crypto$', 'node_modules/(zod|string-width)/'] },
    },
    {
      name: 'ground-imports-ground-only',
      severity: 'error',
      from: { path: room(GROUND), pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: room(GROUND) },
    },
    {
      name: 'client-stands-alone',
      severity: 'error',
      from: { path: '^client/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: room(['sse', 'protocol']) },
    },
    {
      name: 'page-stands-on-the-client',
      comment: 'and on what a panel is made of: one description of blocks, one reading of them',
      severity: 'error',
      from: { path: '^web/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(src|bench|test)/',
        pathNot: ['^src/protocol/', '^src/panels/(panel|parse-panel)\\.ts$'],
      },
    },
    {
      name: 'page-packages',
      severity: 'error',
      from: { path: '^web/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(preact|@preact|uplot|vite)/' },
    },
    {
      name: 'page-is-below-nothing',
      severity: 'error',
      from: { path: '^(client|bench)/' },
      to: { path: '^web/' },
    },
    {
      name: 'src-not-to-outside',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.test\\.ts$', '^src/cli/bench(-load)?\\.ts$'] },
      to: { path: '^(test|bench|web)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
