// GET /fleet: the servers of a fleet.
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import { type FleetDocument, fleetDocument } from '../../protocol/fleet.js'

const RULES: RouteRules = { surface: 'resync', access: 'data' }

export function fleetPlugin(document: () => Promise<FleetDocument>): HttpPlugin {
  return {
    name: 'fleet',
    register: app => {
      const schema = {
        summary: 'The servers of the fleet, and who publishes its board',
        tags: ['board'],
        response: { 200: fleetDocument },
      }
      app.get('/fleet', { config: { rules: RULES }, schema }, () => document())
      return Promise.resolve()
    },
  }
}
