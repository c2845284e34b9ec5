// The floors of the house (docs/architecture.md): a file may import from its own room and from rooms below it.
// FLOORS is the whole truth, top to bottom; every forbidden arrow is derived from it.
const SHELL = [
  'conformance',
  'cli',
  'library',
  'app',
  'outputs',
  'http',
  'chat',
  'guards',
  'contract',
  'sources',
  'hub',
  'connection',
  'history',
  'notify',
  'fleet',
  'engine',
]
const CORE = ['display', 'declared', 'automatic', 'board', 'panels', 'ingest', 'snapshot', 'sse', 'protocol']
const GROUND = ['simulator', 'files', 'config', 'metrics', 'log', 'outgoing', 'redis', 'clock']
/** Commands whose code is in bench/ or tools/. */
const THIN_ENTRIES = '^src/cli/(bench|check|commands)\\.ts$'
/** What the bundle may have besides our own code; `npm install` gets libsql alone. */
const LIBRARIES = [
  '@fastify/swagger',
  '@jmespath-community/jmespath',
  'cockatiel',
  'commander',
  'fastest-levenshtein',
  'fastify',
  'ioredis',
  'jose',
  'libsql',
  'nodemailer',
  'pino',
  'pino-pretty',
  'prom-client',
  'smol-toml',
  'string-width',
  'undici',
  'zod',
]
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
      comment: 'type imports included',
      severity: 'error',
      from: {},
      to: { circular: true },
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
      from: { path: '^src/', pathNot: ['\\.test\\.ts$', '^src/files/sqlite\\.ts$'] },
      to: {
        path: 'node_modules/(undici|jose|cockatiel|libsql)/',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'one-file-knows-ioredis',
      comment: 'and loads it when a link is opened: without G6_REDIS_URL it is not in memory',
      severity: 'error',
      from: { pathNot: '^src/redis/link\\.ts$' },
      to: { path: 'node_modules/ioredis/' },
    },
    {
      name: 'ioredis-is-loaded-late',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/ioredis/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'fleet-is-loaded-late',
      comment: 'two files of the program know it, and are loaded where a Redis is named',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/(fleet|redis)/',
          '^src/app/fleet(-servers)?\\.ts$',
          '^src/chat/shared/',
          '^src/chat/limits/(shared|fleet)-limits\\.ts$',
          '\\.test\\.ts$',
        ],
      },
      to: { path: '^src/fleet/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'one-file-knows-nodemailer',
      comment: 'and loads it with the first mail: a server whose rules send none keeps it out of memory',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/notify/send/smtp\\.ts$' },
      to: { path: 'node_modules/nodemailer/' },
    },
    {
      name: 'nodemailer-is-loaded-late',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/nodemailer/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'notify-is-loaded-late',
      comment: 'one file of the program knows it, and is loaded where there is a rule',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/notify/', '^src/app/notify\\.ts$', '\\.test\\.ts$'],
      },
      to: { path: '^src/notify/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sharing-is-loaded-late',
      comment: 'a relay by itself keeps nothing of it in memory',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/chat/shared/',
          '^src/chat/limits/(shared|fleet)-limits\\.ts$',
          '^src/app/fleet-chat\\.ts$',
          '\\.test\\.ts$',
        ],
      },
      to: {
        path: '^src/(chat/shared/|chat/limits/(shared|fleet)-limits|app/fleet-chat)',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'program-packages',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/', pathNot: `node_modules/(${LIBRARIES.join('|')})/` },
    },
    {
      name: 'client-packages',
      comment: 'types of the AI SDK, whose users have it',
      severity: 'error',
      from: { path: '^client/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/', pathNot: 'node_modules/ai/' },
    },
    ...upward,
    {
      name: 'core-is-pure',
      comment: 'the core imports the core, pure libraries and node:crypto (hashing) and nothing else',
      severity: 'error',
      from: { path: room(CORE), pathNot: '\\.test\\.ts$' },
      to: {
        pathNot: [
          room(CORE),
          '^(node:)?crypto$',
          'node_modules/(zod|string-width|smol-toml|fastest-levenshtein|@jmespath-community)/',
        ],
      },
    },
    {
      name: 'ground-imports-ground-only',
      severity: 'error',
      from: { path: room(GROUND), pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: room(GROUND) },
    },
    {
      name: 'client-without-server',
      severity: 'error',
      from: { path: '^client/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: room(['sse', 'protocol']) },
    },
    {
      name: 'page-imports-the-client',
      comment: 'and on what a panel is made of: one description of blocks and facts, one reading of them',
      severity: 'error',
      from: { path: '^web/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(src|bench|test)/',
        pathNot: ['^src/protocol/', '^src/display/', '^src/panels/(panel|parse-panel|facts)\\.ts$'],
      },
    },
    {
      name: 'page-packages',
      severity: 'error',
      from: { path: '^web/', pathNot: ['\\.test\\.ts$', '^web/chat/markdown/parse\\.ts$'] },
      to: { path: 'node_modules/', pathNot: 'node_modules/(preact|@preact|vite)/' },
    },
    {
      name: 'one-file-knows-the-markdown-parser',
      severity: 'error',
      from: { path: '^web/chat/markdown/parse\\.ts$' },
      to: { path: 'node_modules/', pathNot: 'node_modules/markdown-it/' },
    },
    {
      name: 'page-is-below-nothing',
      severity: 'error',
      from: { path: '^(client|bench|tools)/' },
      to: { path: '^web/' },
    },
    {
      name: 'src-not-to-outside',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.test\\.ts$', THIN_ENTRIES] },
      to: { path: '^(test|bench|tools|web)/' },
    },
    {
      name: 'thin-entries-load-late',
      comment: 'the package has bench/ and not tools/: a command loads either when it is called',
      severity: 'error',
      from: { path: THIN_ENTRIES },
      to: { path: '^(test|bench|tools|web)/', dynamic: false },
    },
    {
      name: 'bench-not-to-tools',
      comment: 'bench/ is in the package, tools/ is not',
      severity: 'error',
      from: { path: '^(client|bench)/' },
      to: { path: '^(test|tools)/' },
    },
    {
      name: 'tools-not-to-tests',
      severity: 'error',
      from: { path: '^tools/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/' },
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
