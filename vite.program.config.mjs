// The program as it is started: dist/program/g6.js and one chunk for each group of commands, with the libraries they use. Starting it
// opens a few files and not four hundred, which halves the time to the first board. The modules themselves stay in dist/src: the
// library, its types, and the threads use them.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const OUT = join(ROOT, 'dist/program')
/** libsql is native code; pino loads pino-pretty by its name. */
const OUTSIDE = [/^@?libsql/, /^pino-pretty$/]

const builtFile = id => relative(OUT, join(ROOT, 'dist', relative(ROOT, id).replace(/\.ts$/, '.js')))

/** Benchmarks and tools measure the modules in dist/src. */
const toolsStayOutside = {
  name: 'tools-stay-outside',
  enforce: 'pre',
  async resolveId(source, importer) {
    if (importer === undefined || !/\/(bench|tools)\//.test(source)) return null
    const found = await this.resolve(source, importer, { skipSelf: true })
    const isOurs = found?.id.startsWith(ROOT) && !found.id.includes('node_modules')
    return isOurs ? { id: builtFile(found.id), external: true } : null
  },
}

/** `import.meta.url` of a module means the file that tsc made of it: paths relative to it stay right. */
const placed = {
  name: 'placed',
  transform(code, id) {
    if (!id.startsWith(ROOT) || id.includes('node_modules') || !code.includes('import.meta.url')) return null
    const there = `new URL(${JSON.stringify(builtFile(id))}, import.meta.url).href`
    return { code: code.replaceAll('import.meta.url', there), map: null }
  },
}

/** Without the bundle it is loaded by the first registry; within, it comes with the chunk of the commands that have one. */
const promClient = {
  name: 'prom-client',
  load: id =>
    id.endsWith('/src/metrics/prom-client.ts')
      ? 'import * as library from "prom-client"\nexport const promClient = () => library'
      : null,
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

export default defineConfig({
  logLevel: 'warn',
  plugins: [toolsStayOutside, placed, promClient, licences],
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
      input: { g6: 'src/cli/main.ts' },
      platform: 'node',
      external: OUTSIDE,
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})
