// All panels, in order. A new panel is a new file and a line here; every surface then shows it.
import { alerts } from './alerts.js'
import { analytics } from './analytics.js'
import { cycle } from './cycle.js'
import type { PanelDefinition } from './definition.js'
import { followups } from './followups.js'
import { header } from './header.js'
import { indices } from './indices.js'
import { links } from './links.js'
import { perfstore } from './perfstore.js'
import { resources } from './resources.js'
import { storage } from './storage.js'
import { stream } from './stream.js'

export const PANELS: readonly PanelDefinition[] = [
  header,
  cycle,
  indices,
  analytics,
  alerts,
  resources,
  storage,
  perfstore,
  links,
  stream,
  followups,
].sort((a, b) => a.order - b.order)
