// What Node itself can do between an upstream and a client: `upstream.body.pipe(res)`, nothing parsed, numbered or kept.
import { servePeer } from './peer.js'

servePeer((body, response) => {
  body.pipe(response)
})
