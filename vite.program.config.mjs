// The program as it is published and started: dist/program/ with g6.js, g6-conformance.js, the library (index.js), the files that run in
// a thread or a process of their own, and the chunks that they share, with the libraries they use. Starting it opens a few files and not
// four hundred, which halves the time to the first board; installing it takes one package with native code and no other. The modules
// themselves, dist/src and the like, are for the tests and tools of a checkout.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const OUT = join(ROOT, 'dist/program')
/** Native code; and what `g6 bench fanout` compares with, where it is installed. */
const OUTSIDE = [/^@?libsql/, /^(better-sse|graphql|graphql-sse)(\/|$)/]

/**
 * Libraries of Fastify that this program gives nothing to do (src/http/zod-schemas.ts), the one that tests call it with, those of
 * prom-client's exemplars and summaries, of which there are none, its file that pushes metrics, and that of pino's transports.
 */
const UNUSED = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
  '@opentelemetry/api',
  'tdigest',
  './lib/pushgateway',
  'thread-stream',
]

/** What a file loads at once and needs late or never: the server speaks neither TLS nor HTTP/2. */
const LATE = [
  ['/fastify/lib/server.js', ['https', 'http2']],
  ['/fastify/lib/plugin-utils.js', ['semver']],
]

const builtFile = id => relative(OUT, join(ROOT, 'dist', relative(ROOT, id).replace(/\.ts$/, '.js')))

/** Tools are not published: they use the modules in dist/src. */
const toolsStayOutside = {
  name: 'tools-stay-outside',
  enforce: 'pre',
  async resolveId(source, importer) {
    if (importer === undefined || !source.includes('/tools/')) return null
    const found = await this.resolve(source, importer, { skipSelf: true })
    const isOurs = found?.id.startsWith(ROOT) && !found.id.includes('node_modules')
    return isOurs ? { id: builtFile(found.id), external: true } : null
  },
}

/**
 * `import.meta.url` of a module means the file that tsc made of it: paths relative to it stay right. But a module that is named by its
 * path, because a thread or a process of its own runs it, is a file of this bundle too.
 */
const placed = {
  name: 'placed',
  transform(code, id) {
    if (!id.startsWith(ROOT) || id.includes('node_modules') || !code.includes('import.meta.url')) return null
    const there = `new URL(${JSON.stringify(builtFile(id))}, import.meta.url).href`
    const moved = code.replace(/(?:["'](\.[^"']+)\.js["'], )?import\.meta\.url/g, (found, path) => {
      const file = path && resolve(id, '..', `${path}.ts`)
      if (!file || !existsSync(file)) return found.replace('import.meta.url', there)
      const name = relative(ROOT, file)
        .replace(/^(src|node_modules)\/|\.ts$/g, '')
        .replaceAll('/', '-')
      this.emitFile({ type: 'chunk', id: file, fileName: `${name}.js` })
      return `'./${name}.js', import.meta.url`
    })
    return { code: moved, map: null }
  },
}

/** Files that load a CommonJS library when it is first used: the bundle has the library, and runs it at the same moment. */
const loadedLate = {
  name: 'loaded-late',
  enforce: 'pre',
  transform(code, id) {
    if (
      !id.startsWith(ROOT) ||
      id.includes('node_modules') ||
      !code.includes('createRequire(import.meta.url)')
    )
      return null
    const [, name] = /^const (\w+) = createRequire\(import\.meta\.url\)$/m.exec(code) ?? []
    return {
      code: code
        .replace(/^import .*'node:module'$/m, '')
        .replace(/^const \w+ = createRequire.*$/m, '')
        .replaceAll(`${name}('`, "require('"),
      map: null,
    }
  },
}

/** The first segmenter of a process takes 10 ms, and string-width makes one before it is asked anything. */
const segmentLate = {
  name: 'segment-late',
  transform(code, id) {
    if (!id.endsWith('/node_modules/string-width/index.js')) return null
    const made = 'const segmenter = new Intl.Segmenter();'
    if (!code.includes(made))
      throw new Error('string-width no longer makes a segmenter when loaded; remove this step')
    const late =
      'let segmenterMade; const segmenter = { segment: text => (segmenterMade ??= new Intl.Segmenter()).segment(text) };'
    return { code: code.replace(made, late), map: null }
  },
}

/** Loads them where they are used. */
const usedLate = {
  name: 'used-late',
  transform(code, id) {
    const names = LATE.find(([file]) => id.endsWith(`/node_modules${file}`))?.[1] ?? []
    let changed = code
    for (const name of names) {
      const loads = new RegExp(`^const ${name} = (require\\('(?:node:)?${name}'\\));?$`, 'm')
      const call = loads.exec(changed)?.[1]
      if (call === undefined) throw new Error(`${id} no longer loads ${name} at once; correct LATE`)
      changed = changed
        .replace(loads, '')
        .replaceAll(new RegExp(`(?<![.'\\w])${name}(?=\\.\\w+\\()`, 'g'), call)
    }
    return names.length === 0 ? null : { code: changed, map: null }
  },
}

/** A source text with one other character takes twice the memory, and longer to read. */
const ascii = {
  name: 'ascii',
  generateBundle(_options, bundle) {
    const escaped = char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk') chunk.code = chunk.code.replace(/[\u0080-\uffff]/g, escaped)
  },
}

const unused = {
  name: 'unused',
  enforce: 'pre',
  resolveId: source => (UNUSED.includes(source) ? `\0unused:${source}` : null),
  load: id => (id.startsWith('\0unused:') ? `export default null` : null),
}

/** Their licences ask that the text goes with each copy. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const folders = new Set()
    for (const chunk of Object.values(bundle))
      for (const id of chunk.moduleIds ?? []) {
        const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(id.replace(/^\0/, ''))
        if (found !== null) folders.add(found[0])
      }
    const texts = [...folders].sort().map(folder => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = readdirSync(folder).find(each => /^licen[cs]e/i.test(each))
      const text =
        file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), 'utf8').trim()
      return `${name} ${version}\n\n${text}\n`
    })
    this.emitFile({ type: 'asset', fileName: 'LICENCES.txt', source: texts.join('\n----\n\n') })
  },
}

/** The program, and its threads: each keeps in memory all that its chunks have. */
const CUT_FOR = [
  'src/cli/main.ts',
  'src/chat/audit/writer-thread.ts',
  'src/history/far/thread.ts',
  'src/sources/document-thread.ts',
]

/**
 * The chunks that these need, as if the bundle had no other file: the others load what they need of them. With chunks cut for all of them, a
 * start would open twice as many. A chunk has the modules that the same commands, and parts loaded late, have in common; what only one of
 * them has is its own chunk anyway.
 */
function chunksOfProgram() {
  const named = id =>
    relative(ROOT, id.replace('\0', ''))
      .replace(/^(src|node_modules)\/|\.[^/.]*$/g, '')
      .replaceAll(/[/.]/g, '-')
  let names
  function find(infoOf) {
    const reachedBy = new Map()
    const entries = CUT_FOR.map(file => join(ROOT, file))
    for (const entry of entries) {
      const reached = new Set([entry])
      for (const id of reached) {
        reachedBy.set(id, [...(reachedBy.get(id) ?? []), entry])
        const { importedIds = [], dynamicallyImportedIds = [] } = infoOf(id) ?? {}
        for (const each of importedIds) reached.add(each)
        for (const each of dynamicallyImportedIds)
          if (!entries.includes(each) && !each.startsWith(join(ROOT, 'bench/'))) entries.push(each)
      }
    }
    const firsts = new Map()
    const shared = [...reachedBy].filter(([, by]) => by.length > 1)
    for (const [id, by] of shared) if (!firsts.has(by.join())) firsts.set(by.join(), id)
    return new Map(shared.map(([id, by]) => [id, named(firsts.get(by.join()))]))
  }
  return (id, graph) => {
    names ??= find(each => graph.getModuleInfo(each))
    return names.get(id) ?? null
  }
}

export default defineConfig({
  logLevel: 'warn',
  plugins: [unused, toolsStayOutside, loadedLate, segmentLate, usedLate, placed, ascii, licences],
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist/program',
    emptyOutDir: true,
    copyPublicDir: false,
    minify: false,
    modulePreload: false,
    rolldownOptions: {
      input: { g6: 'src/cli/main.ts', 'g6-conformance': 'src/conformance/main.ts', index: 'src/index.ts' },

      platform: 'node',
      external: OUTSIDE,
      // Without blanks, comments and names of variables there is a third as much to read at each start; those of functions and classes
      // stay for stack traces.
      output: {
        minify: { compress: false, mangle: { toplevel: true, keepNames: true }, codegen: true },
        format: 'es',
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: chunksOfProgram(), debugName: 'program' }],
        },
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
      },
    },
  },
})
