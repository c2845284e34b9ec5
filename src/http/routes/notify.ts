// /summary/notify: rules and mutes; mute, unmute, acknowledge and test. With the token of the server: who may read the board may mute
// it. A server without a token takes these from its own machine only.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { HttpError } from '../../contract/errors.js'
import type { HttpPlugin, HttpShell, RouteRules } from '../../contract/plugin.js'
import {
  acknowledgedDocument,
  type MuteData,
  type MuteRequest,
  muteData,
  muteRequest,
  type NotifyDocument,
  notifyDocument,
  ruleRequest,
  testDocument,
  unmutedDocument,
} from '../../protocol/notify.js'
import type { NotifyHealth } from '../health-document.js'
import type { HttpConfig } from '../http-config.js'

/** What the routes ask for. Each throws an HttpError that says why it is not done. */
export interface NotifyDesk {
  document(): Promise<NotifyDocument>
  /** A few numbers of it, for the health document. */
  health(): NotifyHealth
  mute(request: MuteRequest): Promise<MuteData>
  /** Null: all. Returns how many were ended. */
  unmute(id: string | null): Promise<number>
  /** Null: all. Returns the rules that are acknowledged now. */
  acknowledge(rule: string | null): Promise<readonly string[]>
  test(rule: string | null): Promise<z.infer<typeof testDocument>['results']>
}

const RULES: RouteRules = { surface: 'resync', access: 'data' }
const tags = ['notify']
const muteParams = z.object({ id: z.string().max(40).describe('Of a mute, or all.') })

export function notifyPlugin(
  desk: () => NotifyDesk | null,
  config: () => Pick<HttpConfig, 'sseApiToken'>,
): HttpPlugin {
  return { name: 'notify', register: (app, shell) => notifyRoutes(app, shell, desk, config) }
}

function notifyRoutes(
  app: FastifyInstance,
  shell: HttpShell,
  find: () => NotifyDesk | null,
  config: () => Pick<HttpConfig, 'sseApiToken'>,
): void {
  const desk = (): NotifyDesk => {
    const found = find()
    if (found === null) throw new HttpError('no_rules')
    return found
  }
  const changing = (): NotifyDesk => {
    if (config().sseApiToken === null && !shell.isLocal) throw new HttpError('notify_closed')
    return desk()
  }
  const rules = { config: { rules: RULES } }
  app.get(
    '/summary/notify',
    {
      ...rules,
      schema: {
        summary: 'The rules of notifications, mutes, and what waits',
        tags,
        response: { 200: notifyDocument },
      },
    },
    () => desk().document(),
  )
  app.post<{ Body: MuteRequest }>(
    '/summary/notify/mutes',
    {
      ...rules,
      schema: { summary: 'Mute rules for a time', tags, body: muteRequest, response: { 201: muteData } },
    },
    async (request, reply) => reply.code(201).send(await changing().mute(request.body)),
  )
  app.delete<{ Params: z.infer<typeof muteParams> }>(
    '/summary/notify/mutes/:id',
    {
      ...rules,
      schema: { summary: 'End a mute, or all', tags, params: muteParams, response: { 200: unmutedDocument } },
    },
    async request => {
      const { id } = request.params
      const ended = await changing().unmute(id === 'all' ? null : id)
      if (ended === 0 && id !== 'all') throw new HttpError('not_found', 'No mute has this id.')
      return { ended }
    },
  )
  app.post<RuleRequest>(
    '/summary/notify/acknowledge',
    {
      ...rules,
      schema: {
        summary: 'Stop the repeats of what lasts now',
        tags,
        body: ruleRequest,
        response: { 200: acknowledgedDocument },
      },
    },
    async request => ({ rules: await changing().acknowledge(ruleOf(request)) }),
  )
  app.post<RuleRequest>(
    '/summary/notify/test',
    {
      ...rules,
      schema: {
        summary: 'Send a test message now',
        tags,
        body: ruleRequest,
        response: { 200: testDocument },
      },
    },
    async request => ({ results: await changing().test(ruleOf(request)) }),
  )
}

type RuleRequest = { Body: z.infer<typeof ruleRequest> }

const ruleOf = ({ body }: FastifyRequest<RuleRequest>): string | null => body.rule ?? null
