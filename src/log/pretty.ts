// pino-pretty, loaded by the first log that people read: a program whose log is JSON does without its 20 modules.
import { createRequire } from 'node:module'
import type pretty from 'pino-pretty'

const load = createRequire(import.meta.url)

export const prettyLines = (): typeof pretty => load('pino-pretty')
