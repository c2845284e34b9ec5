// prom-client, loaded by the first registry: a program that only imports this package does without its 90 modules.
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

export const promClient = (): typeof import('prom-client') => load('prom-client')
