// `process_open_fds` without holding the event loop: prom-client's lists every descriptor in one synchronous call, 15 ms
// with 13 000 of them.
import { readdir, stat } from 'node:fs/promises'
import { Gauge, type Registry } from 'prom-client'

const NAME = 'process_open_fds'

/** Open descriptors. Linux since 6.2 says their number as the size of the folder; before, that is 0 and they are listed. */
export async function countOpenFiles(folder = '/proc/self/fd'): Promise<number> {
  const { size } = await stat(folder)
  return size > 0 ? size : (await readdir(folder)).length
}

/** Puts ours in the place of prom-client's, where that is there (Linux). */
export function replaceOpenFiles(registry: Registry): void {
  const theirs = registry.getSingleMetric(NAME)
  if (theirs === undefined) return
  registry.removeSingleMetric(NAME)
  new Gauge({
    name: NAME,
    help: 'Number of open file descriptors.',
    registers: [registry],
    async collect() {
      this.set(await countOpenFiles())
    },
  })
}
