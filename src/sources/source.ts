export type { Source } from '../engine/source.js'
