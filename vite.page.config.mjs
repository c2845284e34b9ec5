// The page (web/): dist/page/ with index.html and hashed files under assets/. Fails when all of it outgrows its limit.

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

// What is built is what is served, whatever this says where it is built; with another word the page would carry development code.
process.env.NODE_ENV = 'production'

/** Of everything together: document, script, style, icon. */
const MAX_GZIPPED_BYTES = 60 * 1024

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

export default defineConfig({
  root: fileURLToPath(new URL('web', import.meta.url)),
  logLevel: 'info',
  plugins: [withinSize],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    outDir: '../dist/page',
    emptyOutDir: true,
    copyPublicDir: false,
    modulePreload: false,
    // Nothing inline: the page's policy allows files of its own server only.
    assetsInlineLimit: 0,
  },
})
