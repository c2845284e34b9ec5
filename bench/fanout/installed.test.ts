import { expect, test } from 'vitest'
import { findSubjects, inTurn, modulesPath } from './installed.js'

test('the folder of modules is read out of what nginx says of itself', () => {
  const said =
    'nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/x --modules-path=/usr/lib/nginx/modules --y'
  expect(modulesPath(said)).toBe('/usr/lib/nginx/modules')
  expect(modulesPath('nginx: command not found')).toBeNull()
})

test('everybody is either measured or named as missing, ours and the bare loop always measured', () => {
  const { present, missing, versions } = findSubjects()
  const named = [...present, ...missing.map(({ name }) => name)]
  expect(named.toSorted()).toEqual(['bare', 'better-sse', 'nchan', 'ours'])
  expect(present.slice(0, 2)).toEqual(['ours', 'bare'])
  // Others are named with their version, ours has the report's.
  expect(Object.values(versions)).toHaveLength(present.length - 2)
  for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+/)
  for (const { why } of missing) expect(why).toMatch(/^not installed/)
})

test('every round begins with another server, the first one with ours', () => {
  const servers = ['ours', 'bare', 'nchan'] as const
  expect(inTurn(servers, 1)).toEqual(['ours', 'bare', 'nchan'])
  expect(inTurn(servers, 2)).toEqual(['bare', 'nchan', 'ours'])
  expect(inTurn(servers, 4)).toEqual(['ours', 'bare', 'nchan'])
  expect(inTurn([], 3)).toEqual([])
})
