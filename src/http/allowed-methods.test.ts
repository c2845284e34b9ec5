import { expect, test } from 'vitest'
import { RouteMethods } from './allowed-methods.js'

const routes = new RouteMethods<string>()
routes.add('/', ['GET', 'HEAD'], 'page')
routes.add('/a/b', ['POST'], 'b')
routes.add('/a/b', ['GET'], 'b')
routes.add('/a/:id', ['DELETE'], 'id')
routes.add('/assets/*', ['GET'], 'assets')

test.each([
  ['/', 'page', ['GET', 'HEAD', 'OPTIONS']],
  ['/?x=/a/b', 'page', ['GET', 'HEAD', 'OPTIONS']],
  ['/a/b', 'b', ['GET', 'POST', 'OPTIONS']],
  ['/a/b?c', 'b', ['GET', 'POST', 'OPTIONS']],
  ['http://host/a/b', 'b', ['GET', 'POST', 'OPTIONS']],
  ['/a/c', 'id', ['DELETE', 'OPTIONS']],
  ['/assets/x/y.js', 'assets', ['GET', 'OPTIONS']],
])('%s is %s with %j', (target, rules, methods) => {
  expect(routes.find(target)).toMatchObject({ rules, methods })
})
test.each(['/a', '/a/b/c', '/assets', '/x', ''])('%s is nothing', target => {
  expect(routes.find(target)).toBeNull()
})
