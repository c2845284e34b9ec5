// What the server of a soak reports about itself.
import { z } from 'zod'

export const sampleSchema = z.object({
  /** Sockets, timers and requests that keep the process busy. */
  handles: z.number(),
  files: z.number(),
  heapBytes: z.number(),
  rssBytes: z.number(),
  /** Without the collections made for samples. */
  cpuUs: z.number(),
  readers: z.number(),
  events: z.number(),
})
export type Sample = z.infer<typeof sampleSchema>
