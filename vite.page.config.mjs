// The page (web/): dist/page/ with index.html and hashed files under assets/. Fails when all of it outgrows its limit.

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

// What is built is what is served, whatever this says where it is built; with another word the page would carry development code.
process.env.NODE_ENV = 'production'

/** Of everything together: document, script, style, icon. */
const MAX_GZIPPED_BYTES = 80 * 1024

const withinSize = {
  name: 'within-size',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      let total = 0
      for (const file of Object.values(bundle)) {
        const bytes = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length
        this.info(`${file.fileName}: ${bytes} bytes gzipped`)
        total += bytes
      }
      this.info(`the page: ${total} bytes gzipped, at most ${MAX_GZIPPED_BYTES}`)
      if (total > MAX_GZIPPED_BYTES)
        this.error(`the page is ${total} bytes gzipped, over ${MAX_GZIPPED_BYTES}`)
    },
  },
}

/** Vite's own loads a script's style and scripts before it. Here there are none, so its kilobyte can be left out. */
const nothingToPreload = {
  name: 'nothing-to-preload',
  enforce: 'pre',
  load: id => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = load => load()' : null),
}

export default defineConfig({
  // Relative: a proxy may serve the page below a path.
  base: './',
  root: fileURLToPath(new URL('web', import.meta.url)),
  logLevel: 'info',
  plugins: [nothingToPreload, withinSize],
  // The feed's script: a module that the page imports where there are no shared workers.
  worker: { format: 'es' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    outDir: '../dist/page',
    emptyOutDir: true,
    copyPublicDir: false,
    modulePreload: false,
    // One file, so that no script of the build must load another one.
    cssCodeSplit: false,
    // Nothing inline: the page's policy allows files of its own server only.
    assetsInlineLimit: 0,
  },
})
