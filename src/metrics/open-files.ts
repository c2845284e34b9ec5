// `process_open_fds` without blocking the event loop: prom-client's version lists every descriptor in one synchronous call, which takes
// 15 ms for 13 000.
import { readdir, stat } from 'node:fs/promises'
import type { Registry } from 'prom-client'
import { promClient } from './prom-client.js'

const NAME = 'process_open_fds'

/** Open descriptors. Since Linux 6.2 the size of the folder is their number; before, it is 0 and they are listed. */
export async function countOpenFiles(folder = '/proc/self/fd'): Promise<number> {
  const { size } = await stat(folder)
  return size > 0 ? size : (await readdir(folder)).length
}

/** Replaces prom-client's version, where it exists (Linux). */
export function replaceOpenFiles(registry: Registry): void {
  const theirs = registry.getSingleMetric(NAME)
  if (theirs === undefined) return
  registry.removeSingleMetric(NAME)
  const { Gauge } = promClient()
  new Gauge({
    name: NAME,
    help: 'Number of open file descriptors.',
    registers: [registry],
    async collect() {
      this.set(await countOpenFiles())
    },
  })
}
